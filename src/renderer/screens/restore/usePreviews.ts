import { useCallback, useEffect, useRef, useState } from 'react';
import type { StudioEvent } from '../../../shared/contract.ts';
import type { Region } from '../../../shared/contract/restoring.ts';
import { call, pictureUrl } from '../../api/client.ts';
import { useEvents } from '../../api/hooks.ts';
import { showError } from '../../api/showError.ts';
import { previewKey, recipeKey, type Recipe } from './recipe.ts';
import { type Preview, useSelection } from './selection.tsx';

export interface Previews {
  /** Number of the recipe being previewed, counted from 1, how many there are, and how much of it is done, from 0 to 1. */
  pending: { number: number; of: number; share: number; secondsLeft?: number | undefined } | undefined;
  /** Restores the visible part with each recipe, one after the other. Finished ones are shown at once. */
  start: () => void;
  stop: () => void;
}

/** An automatic preview starts after picture, models, settings and visible part have been unchanged for this long. */
const restMs = 500;

/** The part in true pixels, or the whole picture reduced to a longest side. */
export type PreviewWish = { region: Region } | { reduced: number };

/**
 * Previews of a picture or a part of it at full strength; strength is mixed on screen. Automatic previews are made if one is
 * missing, does not cover what is wished for, or is of a model that has improved since. Each is tried once: a failed or
 * stopped one is not started again.
 * @param trainedTo returns a different text for the same models when one that is still being trained has improved;
 * undefined until it is better than at its start, and then previews are made only on request
 * @param wish undefined until it is known
 */
export function usePreviews(
  picture: string,
  recipes: readonly Recipe[],
  trainedTo: (models: readonly string[]) => string | undefined,
  wish: PreviewWish | undefined,
): Previews {
  const { selection, change } = useSelection();
  const [pending, setPending] = useState<Previews['pending']>();
  const mask = selection.mask?.id;
  const stopped = useRef(false);
  const tried = useRef('');

  useEvents(
    useCallback((event: StudioEvent) => {
      if (event.name !== 'previewProgress') return;
      const { share, secondsLeft } = event.data;
      setPending((now) => now && { ...now, share, secondsLeft });
    }, []),
  );

  const run = async (wanted: readonly Recipe[]): Promise<void> => {
    if (!wish || pending || wanted.length === 0) return;
    stopped.current = false;
    try {
      for (const [index, recipe] of wanted.entries()) {
        const { models, ...how } = recipe;
        if (stopped.current) break;
        setPending({ number: index + 1, of: wanted.length, share: 0 });
        const trained = trainedTo(models);
        const made = await call('restore.preview', {
          picture,
          models,
          effect: { strength: 1, ...how, ...(mask === undefined ? {} : { mask }) },
          ...wish,
        });
        const preview: Preview = {
          url: pictureUrl(made.picture),
          region: made.region,
          seconds: made.seconds,
          backends: made.backends,
          trainedTo: trained,
          reduced: made.reduced,
        };
        const key = previewKey(picture, recipe, mask);
        change((now) => ({
          previews: new Map(now.previews).set(key, over(now.previews.get(key), preview)),
        }));
      }
    } catch (error) {
      showError(error);
    } finally {
      setPending(undefined);
    }
  };

  const missing = recipes.filter((recipe) => {
    const made = selection.previews.get(previewKey(picture, recipe, mask));
    const trained = trainedTo(recipe.models);
    return trained !== undefined && (!wish || made?.trainedTo !== trained || !fulfils(made, wish));
  });
  const request = JSON.stringify([
    picture,
    mask,
    wish,
    missing.map((recipe) => [recipeKey(recipe), trainedTo(recipe.models)]),
  ]);
  const wanted = selection.automatic && wish !== undefined && missing.length > 0 && !pending;
  useEffect(() => {
    if (!wanted || tried.current === request) return;
    const timer = setTimeout(() => {
      tried.current = request;
      void run(missing);
    }, restMs);
    return () => clearTimeout(timer);
    // All other changes change the request too.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted, request]);

  return {
    pending,
    start: () => void run(recipes),
    stop: () => {
      stopped.current = true;
      tried.current = request;
      call('restore.endPreview', {}).catch(showError);
    },
  };
}

/** A part lies over the whole picture that was previewed before, if that is of the same models. */
function over(before: Preview | undefined, made: Preview): Preview {
  if (made.reduced || before?.trainedTo !== made.trainedTo) return made;
  return { ...made, below: before?.reduced ? { url: before.url } : before?.below };
}

/** Whether a preview shows what is wished for. */
function fulfils(made: Preview, wish: PreviewWish): boolean {
  if ('reduced' in wish) return made.reduced !== undefined || made.below !== undefined;
  return made.reduced === undefined && covers(made.region, wish.region);
}

const covers = (made: Region, part: Region): boolean =>
  made.left <= part.left &&
  made.top <= part.top &&
  made.left + made.width >= part.left + part.width &&
  made.top + made.height >= part.top + part.height;
