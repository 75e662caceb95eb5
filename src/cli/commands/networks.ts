import { z } from 'zod';
import { findNetwork, networks, type PublishedModel, publishedModels } from '../../core/networks/index.ts';
import type { NetworkDefinition } from '../../core/networks/network.ts';
import { readPresets } from '../../services/training/trainingPresets.ts';
import type { Preset } from '../../shared/contract/training.ts';
import type { Register } from '../cliContext.ts';
import { table, wrongUse } from '../output.ts';

/** `mcir networks`: the architectures; for one of them, its published sizes and options. */
export const registerNetworks: Register = (program, { output }) => {
  program
    .command('networks')
    .description('list the networks, or show one with its published sizes and its options')
    .argument('[name]', 'a network from the list')
    .action(async (name: string | undefined) => {
      if (name === undefined)
        return output.result(
          { networks: networks.map(describe) },
          `${networks.map(inShort).join('\n\n')}\n\nSizes and options of one: mcir networks NAME`,
        );
      const network = findOrRefuse(name);
      const presets = (await readPresets()).filter(({ config }) => config.network.type === network.id);
      output.result(
        { network: { ...describe(network), presets: presets.map(({ id, title }) => ({ id, title })) } },
        inFull(network, presets),
      );
    });
};

function findOrRefuse(name: string): NetworkDefinition {
  try {
    return findNetwork(name.toLowerCase());
  } catch (error) {
    return wrongUse(error);
  }
}

function describe(network: NetworkDefinition) {
  const { id, title, description, tasks, paper, inputSizes, seesWholePicture, options } = network;
  return {
    id,
    title,
    description,
    tasks,
    paper,
    inputSizes,
    seesWholePicture,
    published: publishedModels(network),
    options: z.toJSONSchema(options, { io: 'input' }),
  };
}

function inShort(network: NetworkDefinition): string {
  const { id, title, description, tasks, paper, inputSizes } = network;
  const rows = [
    ['for', tasks.join(', ')],
    ['paper', paper],
    ['size', `${sizes(publishedModels(network))} parameters as published`],
    ['input', inputSizes],
  ];
  return [`${id}: ${title}. ${description}`, ...rows.map(([what, text]) => `  ${what?.padEnd(6)} ${text}`)].join('\n');
}

function inFull(network: NetworkDefinition, presets: readonly Preset[]): string {
  const published = publishedModels(network);
  const fields = Object.entries(z.toJSONSchema(network.options, { io: 'input' }).properties ?? {}).map(
    ([name, field]) => {
      const { description = '', default: value } = field as { description?: string; default?: unknown };
      return `  ${name} = ${JSON.stringify(value)}  ${description}`;
    },
  );
  const whole = network.seesWholePicture
    ? ['  The whole picture influences every pixel, so tiles change the result slightly.']
    : [];
  return [
    inShort(network),
    ...whole,
    '',
    table(
      ['published', 'parameters', 'scale'],
      published.map(({ title, parameters, scale }) => [title, parameters, `x${scale}`]),
    ),
    '',
    'presets, in resources/presets; with MCIR, or without it with --set mcir=null:',
    ...presets.map(({ id, title }) => `  ${id}.yml  ${title}`),
    '',
    'options, under network.options in a configuration file:',
    ...fields,
  ].join('\n');
}

/** `0.69 million`, or a range from the smallest to the largest. */
function sizes(published: readonly PublishedModel[]): string {
  const counts = published.map(({ parameters }) => parameters);
  const [least, most] = [Math.min(...counts), Math.max(...counts)].map((count) =>
    (count / 1e6).toFixed(count < 1e7 ? 2 : 1),
  );
  return least === most ? `${least} million` : `${least} to ${most} million`;
}
