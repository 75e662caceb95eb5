import { createModel, findNetwork } from '../../core/networks/index.ts';
import { GRAPH } from '../../services/models/modelCard.ts';
import { addPack, modelPacks } from '../../services/models/modelPacks.ts';
import {
  addModel,
  brokenModels,
  convertModel,
  isGraphFile,
  listModels,
  type ModelCard,
  removeModel,
  resolveModel,
} from '../../services/models/models.ts';
import { describeWeights, openGraph } from '../../services/models/readModels.ts';
import type { Home } from '../../services/app/home.ts';
import type { InputNorm } from '../../shared/modelMessages.ts';
import type { Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import { table, wrongUse } from '../output.ts';

const PACK = 'pack:';

/** `mcir models`: manages models and converts weights files. */
export const registerModels: Register = (program, context) => {
  const { output } = context;
  const models = program.command('models').description('add, list, inspect, convert and remove models');

  models
    .command('add')
    .description(
      'add a weights file (.pth, .pt, .ckpt, .safetensors), an .onnx file, a TensorFlow.js model.json, or a pack',
    )
    .argument('<file>', 'the file, or pack:NAME for a model that is downloaded once (`mcir models packs`)')
    .option('--title <title>', 'title of the model; by default the file name')
    .option('--licence <licence>', 'licence of the model')
    .option(
      '--range <number>',
      'for an ONNX or TensorFlow.js model: the largest pixel value it expects, 1 or 255',
      wholeNumber(1),
      1,
    )
    .option(
      '--multiple-of <pixels>',
      'for an ONNX or TensorFlow.js model: width and height must be a multiple of this',
      wholeNumber(1),
      1,
    )
    .action(
      async (
        file: string,
        { range, multipleOf, ...options }: { title?: string; licence?: string; range: number; multipleOf: number },
      ) => {
        if (file.startsWith(PACK)) output.log('Downloading the pack; after that it works offline.');
        const card = await (
          file.startsWith(PACK)
            ? addPack(file.slice(PACK.length), context.home)
            : addModel(file, context.home, { ...options, graph: { range, multipleOf } })
        ).catch(wrongUse);
        output.result({ model: card }, `Added ${card.id}: ${describe(card)}`);
      },
    );

  models
    .command('list')
    .description('list the added models')
    .action(async () => {
      const cards = await listModels(context.home);
      for (const { id, reason } of await brokenModels(context.home))
        output.log(`The model ${id} cannot be used: ${reason}`);
      const rows = cards.map((card) => [
        card.id,
        networkTitle(card),
        `x${card.scale}`,
        megabytes(card.bytes),
        card.licence ?? '',
        card.source,
      ]);
      output.result(
        { models: cards },
        cards.length > 0
          ? table(['id', 'network', 'scale', 'MB', 'licence', 'source'], rows)
          : 'No models yet. Add one with: mcir models add FILE',
      );
    });

  models
    .command('packs')
    .description('list the model packs that `mcir models add pack:NAME` can download')
    .action(() => {
      const rows = modelPacks.map(({ id, bytes, licence, description }) => [
        id,
        megabytes(bytes),
        licence,
        description,
      ]);
      output.result({ packs: modelPacks }, table(['name', 'MB', 'licence', 'what it does'], rows));
    });

  models
    .command('inspect')
    .description('show what a file holds and for which network it is, without adding it')
    .argument('<file>', 'a .pth, .pt, .ckpt or .safetensors file, an .onnx file or a TensorFlow.js model.json')
    .action(async (file: string) => {
      const report = await inspect(file, context.home).catch(wrongUse);
      output.result(report, describeReport(report));
    });

  models
    .command('convert')
    .description('write a model to another file: .safetensors, .pth (PyTorch, BasicSR) or .onnx')
    .argument('<in>', 'an added model, a run, or a file')
    .argument('<out>', 'the file to write; its extension sets the format')
    .action(async (from: string, out: string) => {
      const model = await resolveModel(from, context.home).catch(wrongUse);
      await convertModel(model, out, context.home).catch(wrongUse);
      if (model.inputNorm && /\.pth?$/i.test(out))
        output.log(
          `This network was trained on inputs ${normalised(model.inputNorm)}. Other programs cannot see this in the file: there, normalise the input before the network.`,
        );
      output.result({ file: out, network: model.network }, `Wrote ${out}.`);
    });

  models
    .command('remove')
    .description('remove an added model')
    .argument('<id>', 'its id, as `mcir models list` shows it')
    .action(async (id: string) => {
      await removeModel(id, context.home).catch(wrongUse);
      output.result({ removed: id }, `Removed ${id}.`);
    });
};

type Report = GraphReport | WeightsReport;

interface GraphReport {
  file: string;
  format: string;
  scale: number;
}

interface WeightsReport {
  file: string;
  format: string;
  tensors: number;
  values: number;
  network?: string;
  options?: Record<string, unknown>;
  inputNorm?: InputNorm;
  /** Why the network was not recognised. */
  reason?: string;
}

async function inspect(file: string, home: Home): Promise<Report> {
  if (isGraphFile(file)) {
    const { format, scale } = await openGraph(file, home);
    return { file, format, scale };
  }
  const { format, tensors, values, model, reason } = await describeWeights(file);
  const common = { file, format, tensors, values };
  if (!model) return { ...common, ...(reason && { reason: reason.message }) };
  const { network, options, inputNorm } = model;
  return { ...common, network, options, ...(inputNorm && { inputNorm }) };
}

function describeReport(report: Report): string {
  if ('scale' in report)
    return `Format:  ${report.format}, a finished graph: it restores (x${report.scale}), and can be neither trained nor converted`;
  const { format, tensors, values, network, options, inputNorm, reason } = report;
  const lines = [`Format:  ${format}, ${tensors} tensors, ${values} values`];
  if (network === undefined) return [...lines, reason].join('\n');
  const { network: definition, options: all } = createModel(network, options);
  return [
    ...lines,
    `Network: ${definition.title}, x${definition.scale(all)}. ${definition.description}`,
    ...Object.entries(all).map(([name, value]) => `    ${name} = ${JSON.stringify(value)}`),
    ...(inputNorm ? [`Input:   ${normalised(inputNorm)}`] : []),
  ].join('\n');
}

const normalised = ({ mean, std }: InputNorm): string =>
  `normalised with mean ${mean.join(', ')} and deviation ${std.join(', ')}`;

function describe(card: ModelCard): string {
  return `${card.title}, ${networkTitle(card)}, x${card.scale}. ${card.description}`;
}

const networkTitle = ({ network }: ModelCard): string => (network === GRAPH ? 'graph' : findNetwork(network).title);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
