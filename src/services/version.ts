import packageJson from '../../package.json' with { type: 'json' };

/** The program's version, as run records and `--version` tell it. */
export const programVersion = packageJson.version;
