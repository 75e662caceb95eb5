import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { backendTitles } from '../../shared/devices.ts';
import { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { programVersion } from '../app/version.ts';
import { type BackendReport, backendReport, describeFindings } from './backendReport.ts';

/** `mcir doctor --gpu`: everything that an issue about a GPU needs, without names of files or people. */
export async function gpuReport(home: Home): Promise<BackendReport & { lines: string[] }> {
  const report = await backendReport(home, new ChildSettings(home).options);
  const { adapters, graphics, providers, findings } = report;
  const onnxruntime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const lines = [
    `MCIR Studio ${programVersion}, Node ${process.versions.node}, ONNX Runtime ${onnxruntime.version}`,
    `${process.platform} ${process.arch} ${release()}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    '',
    'Adapters:',
    ...(adapters.length > 0 ? adapters : [{ name: 'none that the system names' }]).map(
      ({ name, driver, memory }: BackendReport['adapters'][number]) =>
        `  ${name}${driver === undefined ? '' : `, driver ${driver}`}${memory ? `, ${(memory / 2 ** 30).toFixed(1)} GiB` : ''}`,
    ),
    `  (compared by: ${graphics})`,
    '',
    'Backends, with a small convolution:',
    ...providers.map(({ backend, works, detail }) => `  ${works ? '✓' : '✗'} ${backendTitles[backend]}: ${detail}`),
    '',
    'Models that were compared with the processor:',
    ...(findings.length > 0 ? describeFindings(findings) : ['none yet; restore a picture with --device auto']).map(
      (line) => `  ${line}`,
    ),
  ];
  return { ...report, lines };
}
