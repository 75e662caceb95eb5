import type { Workers } from '../../shared/contract/machines.ts';
import type { Handlers } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import type { QueueAddress, Travel } from '../../shared/travel.ts';
import type { StudioContext } from '../studio/context.ts';
import { listMachines } from './board.ts';
import { connectQueue, type QueueConnection } from './queueConnection.ts';
import { openRoots } from './roots.ts';

type Calls = `machines.${string}`;

export interface MachineFeature {
  handlers: Pick<Handlers, Extract<keyof Handlers, Calls>>;
  /** Closes the connections to queues. */
  readonly close: () => void;
}

/** Short, because the window asks often and waits for the answer. */
const CONNECT_MS = 3000;

/** Handlers of the calls about the workers of queues. */
export function machineFeature({ services, handles }: StudioContext): MachineFeature {
  const { settings } = services.history;
  const connections = new Map<string, Promise<QueueConnection>>();
  let closed = false;

  const connectionTo = (queue: QueueAddress): Promise<QueueConnection> => {
    const key = JSON.stringify(queue);
    const known = connections.get(key);
    if (known) return known;
    const opened = connectQueue(queue, CONNECT_MS);
    connections.set(key, opened);
    // Connected again at the next request.
    opened.then(
      (connection) => closed && connection.close(),
      () => connections.delete(key),
    );
    return opened;
  };

  const chosen = (path: string): { id: string; path: string } => ({ id: handles.issue(path), path });

  /** @param ids of the batch, or of the runs, to ask about */
  const workersOf = async (
    travel: Pick<Travel, 'queue'> | null | undefined,
    ids: readonly string[],
  ): Promise<Workers> => {
    if (!travel) return { elsewhere: false, machines: [] };
    if (!travel.queue) return { elsewhere: true, machines: [] };
    try {
      const machines = await listMachines(await connectionTo(travel.queue));
      const shown = machines.map((machine) => ({
        ...machine,
        tasks: machine.tasks.map((task) => {
          const own = ids.includes(task.id);
          return { ...task, id: own ? task.id : '', own };
        }),
      }));
      const busy = ({ tasks }: (typeof shown)[0]): number => Number(tasks.some(({ own }) => own));
      return { elsewhere: true, machines: shown.sort((a, b) => busy(b) - busy(a)) };
    } catch (error) {
      return { elsewhere: true, machines: [], trouble: messageOf(error) };
    }
  };

  return {
    handlers: {
      'machines.setUp': () => {
        const { machines } = settings.read();
        if (!machines) return Promise.resolve(null);
        const { url, user, passwordFile, ca } = machines.queue;
        return Promise.resolve({
          url,
          ...(user !== undefined && { user }),
          ...(passwordFile !== undefined && { passwordFile: chosen(passwordFile) }),
          ...(ca !== undefined && { ca: chosen(ca) }),
          roots: Object.entries(machines.roots).map(([name, folder]) => ({ name, folder: chosen(folder) })),
        });
      },
      'machines.change': async ({ url, user, passwordFile, ca, roots }) => {
        const folders = await openRoots(roots.map(({ name, folder }) => `${name}=${handles.path(folder)}`));
        const queue = {
          url,
          ...(user !== undefined && { user }),
          ...(passwordFile !== undefined && { passwordFile: handles.path(passwordFile) }),
          ...(ca !== undefined && { ca: handles.path(ca) }),
        };
        (await connectQueue(queue, CONNECT_MS)).close();
        settings.change({ machines: { queue, roots: folders.plain } });
        return {};
      },
      'machines.forget': () => {
        settings.change({ machines: null });
        return Promise.resolve({});
      },
      'machines.all': () => workersOf(settings.read().machines, []),
      'machines.ofBatch': ({ batch }) => workersOf(services.batches.find(batch).settings.travel, [batch]),
      'machines.ofStudy': ({ study }) => {
        const { folders } = services.studies;
        const runs = services.studies.cells(folders.plan(study)).flatMap(({ run }) => (run ? [run.id] : []));
        return workersOf(folders.travel(study), runs);
      },
    },
    close: () => {
      closed = true;
      for (const connection of connections.values()) connection.then((open) => open.close()).catch(() => undefined);
    },
  };
}
