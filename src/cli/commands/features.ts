import { importFeatures, listFeatures } from '../../services/models/features.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';

/** `mcir features`: feature networks for the perceptual losses. */
export const registerFeatures: Register = (program, context) => {
  const features = program.command('features').description('feature networks for the perceptual losses');
  features
    .command('import')
    .description("import torchvision's VGG16 or VGG19 weights; without them a seeded stand-in is used")
    .argument('<file>', 'vgg16-397923af.pth, vgg19-dcbb9e9d.pth, or the same as safetensors')
    .action(async (file: string) => {
      const imported = await importFeatures(file, context.home).catch(wrongUse);
      context.output.result(imported, `Imported ${imported.network} from ${imported.source}.`);
    });
  features
    .command('list')
    .description('show which feature networks were imported')
    .action(() => {
      const list = listFeatures(context.home);
      const text = list.map(({ network, source }) => `${network}: ${source}`).join('\n');
      context.output.result({ features: list }, text || 'None imported; training uses seeded random features instead.');
    });
};
