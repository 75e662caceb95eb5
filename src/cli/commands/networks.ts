import { z } from 'zod';
import { networks } from '../../core/networks/index.ts';
import type { Register } from '../context.ts';

/** `mcir networks`: the architectures and their options. */
export const registerNetworks: Register = (program, { output }) => {
  program
    .command('networks')
    .description('list the networks and their options')
    .action(() => {
      const list = networks.map(({ id, title, description, tasks, paper, inputSizes, options }) => ({
        id, title, description, tasks, paper, inputSizes, options: z.toJSONSchema(options, { io: 'input' }),
      }));
      const text = list.map((network) => {
        const fields = Object.entries(network.options.properties ?? {}).map(([name, field]) => {
          const { description = '', default: value } = field as { description?: string; default?: unknown };
          return `    ${name} = ${JSON.stringify(value)}  ${description}`;
        });
        return [`${network.id}: ${network.title}. ${network.description}`, `  ${network.paper}`, ...fields].join('\n');
      });
      output.result({ networks: list }, text.join('\n\n'));
    });
};
