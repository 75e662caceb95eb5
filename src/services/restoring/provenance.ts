import { resolve } from 'node:path';
import { z } from 'zod';
import { type MetadataChange, MetadataTool } from '../../core/pictures/metadata.ts';
import { AppError } from '../../shared/errors.ts';
import { type BatchSettings, effect, modelReference } from '../../shared/batches.ts';
import { programVersion } from '../app/version.ts';

const PROGRAM = 'MCIR Studio';

/** Provenance of a restored file: the parameters of an event in its XMP history (xmpMM:History). */
export const provenance = z.object({
  models: z.array(modelReference.pick({ title: true, hash: true, scale: true, run: true })),
  effect: effect.omit({ mask: true, tile: true }).extend({ mask: z.boolean() }),
  batch: z.string().optional(),
});
export type Provenance = z.infer<typeof provenance>;

export interface RestoringEvent extends Provenance {
  software: string;
  when?: string;
}

/** What is written into the results of a batch. */
export function describeProvenance(
  { models, effect: { strength, ensemble, luminance, mask, raw } }: Pick<BatchSettings, 'models' | 'effect'>,
  batch?: string,
): NonNullable<MetadataChange['provenance']> {
  const parameters: Provenance = {
    models: models.map(({ title, hash, scale, run }) => ({
      title,
      hash,
      scale,
      ...(run === undefined ? {} : { run }),
    })),
    effect: { strength, ensemble, luminance, mask: mask !== undefined, ...(raw ? { raw } : {}) },
    ...(batch === undefined ? {} : { batch }),
  };
  return {
    software: `${PROGRAM} ${programVersion}`,
    when: new Date().toISOString(),
    parameters: JSON.stringify(parameters),
  };
}

/**
 * Reads how a file was restored, oldest event first; empty if it has no such events.
 * @throws AppError `bad-input` for a file that cannot be read
 */
export async function explain(file: string): Promise<RestoringEvent[]> {
  const [tags = {}] = await new MetadataTool().read(resolve(file)).catch((cause: unknown) => {
    if (!(cause instanceof AppError) || cause.code !== 'bad-input') throw cause;
    throw new AppError('bad-input', `${file} cannot be read as a picture. Check the path.`, { cause });
  });
  const history = tags['XMP-xmpMM:History'];
  return (Array.isArray(history) ? history : []).flatMap((event) => readEvent(event));
}

const historyEvent = z.object({
  SoftwareAgent: z.string().startsWith(PROGRAM),
  Parameters: z.string(),
  When: z.coerce.string().optional(),
});

/** Events of other programs are ignored. */
function readEvent(event: unknown): RestoringEvent[] {
  const parsed = historyEvent.safeParse(event);
  if (!parsed.success) return [];
  const { SoftwareAgent, Parameters, When } = parsed.data;
  try {
    return [
      {
        ...provenance.parse(JSON.parse(Parameters)),
        software: SoftwareAgent,
        ...(When === undefined ? {} : { when: When }),
      },
    ];
  } catch {
    return [];
  }
}
