import { Button, Group, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Source } from '../../../shared/contract/restoring.ts';
import type { Run } from '../../../shared/contract/training.ts';
import { isOnProcessor } from '../../../shared/devices.ts';
import { isActive } from '../../../shared/jobs.ts';
import { pictureUrl } from '../../api/client.ts';
import { useCall } from '../../api/hooks.ts';
import { CompareBar } from '../../components/CompareBar.tsx';
import { CompareStage, type Layout } from '../../components/CompareStage.tsx';
import { Loaded } from '../../components/States.tsx';
import { useCompareKeys } from '../../components/useCompareKeys.ts';
import { useKeys } from '../../components/useKeys.ts';
import { usePictureSize } from '../../components/usePictureSize.ts';
import { useZoom } from '../../components/useZoom.ts';
import { previewWish } from '../../components/visibleRegion.ts';
import { go } from '../../route.ts';
import { Filmstrip } from './Filmstrip.tsx';
import { Rivals } from './Rivals.tsx';
import { previewKey, recipeKey, recipeTitle } from './recipe.ts';
import { remaining } from './remaining.ts';
import { useSelection } from './selection.tsx';
import { usePreviews, type Previews } from './usePreviews.ts';

/** One picture, before and after. Nothing is exported here. */
export function PictureView({ source }: { source: Source }) {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const { pictures, recipe, rivals, mask, layout, loupe, previews } = selection;
  const models = useCall('models.list', {});
  const runs = useCall('runs.list', {});
  const measured = usePictureSize(pictureUrl(source.id));
  const size = measured.data;
  const zoom = useZoom(size);
  const setLayout = (next: Layout) => change({ layout: next });
  const toggleLoupe = () => change({ loupe: !loupe });

  const recipes = [recipe, ...rivals].filter((candidate) => candidate.models.length > 0);
  const active = Math.min(selection.active, Math.max(0, recipes.length - 1));
  const variants = recipes.map((candidate) => ({
    id: recipeKey(candidate),
    title: recipeTitle(candidate, models.data),
    result: previews.get(previewKey(source.id, candidate, mask?.id)),
  }));
  const holding = useCompareKeys({ zoom, variants: variants.length, layout, setLayout, toggleLoupe });
  const shown = variants[active]?.result;
  const inTraining = (models: readonly string[] = []): Run[] =>
    runs.data?.filter(({ id, state }) => isActive(state) && models.includes(id)) ?? [];
  // A run is a model only after its first validation. Its state before the first step is previewed only on request.
  const ready = recipes.filter(({ models: chain }) => inTraining(chain).every(({ best }) => best !== undefined));
  const trainedTo = (chain: readonly string[]): string | undefined =>
    inTraining(chain).some(({ best }) => !best?.step)
      ? undefined
      : chain.map((id) => runs.data?.find((run) => run.id === id)?.best?.step ?? '').join();
  const learning = inTraining(recipes[active]?.models).length > 0;
  const { pending, start, stop } = usePreviews(
    source.id,
    ready,
    trainedTo,
    size && zoom.width > 0 && !runs.isPending ? previewWish(size, zoom) : undefined,
  );

  const step = (by: number): void => {
    const next = pictures[pictures.findIndex((picture) => picture.id === source.id) + by];
    if (!next) return;
    change({ current: next.id });
    go('restore', next.id);
  };
  // Escape first closes a menu or dialog that is open over the picture.
  const leave = (event: KeyboardEvent): void => {
    if (!(event.target instanceof Element && event.target.closest('[role="menu"], [role="dialog"], [role="combobox"]')))
      go('restore');
  };
  const turn = (by: number): void => change({ active: (active + by + recipes.length) % Math.max(1, recipes.length) });
  useKeys([
    ['ArrowLeft', () => step(-1)],
    ['ArrowRight', () => step(1)],
    ['Escape', leave],
    ['P', start],
    ['M', () => turn(1)],
    ['shift+M', () => turn(-1)],
  ]);

  const awaited = learning && selection.automatic && trainedTo(recipes[active]?.models ?? []) === undefined;
  const hint = awaited ? 'restore.awaited' : 'restore.previewHint';
  const previewed = shown && [
    t(shown.backends.length > 0 ? 'restore.previewedOn' : 'restore.previewed', {
      width: (shown.reduced ?? shown.region).width,
      height: (shown.reduced ?? shown.region).height,
      seconds: shown.seconds.toFixed(1),
      device: t(shown.backends.every(isOnProcessor) ? 'restore.onProcessor' : 'restore.onGpu'),
    }),
    shown.reduced && t('restore.reduced'),
    learning && t('restore.early'),
  ];
  const first = selection.wanted.length > 0 ? 'export.needsDownload' : 'restore.chooseFirst';
  const state = previewed?.filter(Boolean).join(' · ') ?? t(recipes.length === 0 ? first : hint);

  return (
    <>
      <div style={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        <Loaded query={measured}>
          {(known) => (
            <div style={{ flex: 1, minHeight: 0 }}>
              <CompareStage
                picture={{ before: pictureUrl(source.id), size: known, variants, active }}
                zoom={zoom}
                layout={layout}
                strength={selection.strength}
                holdBefore={holding}
                loupe={loupe}
              />
            </div>
          )}
        </Loaded>
      </div>
      {pictures.length > 1 && <Filmstrip current={source.id} />}
      <Rivals recipes={recipes} active={active} models={models.data ?? []} />
      <Text
        px="md"
        pt={6}
        size="xs"
        c="dimmed"
        lineClamp={2}
        aria-live="polite"
        style={{ borderTop: '1px solid var(--line)', fontVariantNumeric: 'tabular-nums' }}
      >
        {pending && (pending.of > 1 || pending.share > 0) ? previewing(pending, t) : state}
      </Text>
      <Group px="md" pt={4} pb="xs" gap="sm" justify="space-between" wrap="nowrap">
        <Group gap="xs" wrap="nowrap" miw={0}>
          <Button
            size="xs"
            loading={pending !== undefined}
            disabled={ready.length === 0 || !size}
            onClick={start}
            style={{ flexShrink: 0 }}
          >
            {t('restore.preview')}
          </Button>
          {pending && (
            <Button size="xs" px="xs" variant="default" onClick={stop} style={{ flexShrink: 0 }}>
              {t('common.cancel')}
            </Button>
          )}
        </Group>
        <CompareBar
          zoom={zoom}
          variants={variants.length}
          layout={layout}
          setLayout={setLayout}
          loupe={loupe}
          toggleLoupe={toggleLoupe}
        />
      </Group>
    </>
  );
}

/** Progress of a running preview: its number among several, the share that is done, and the time left. */
const previewing = ({ number, of, share, secondsLeft }: NonNullable<Previews['pending']>, t: TFunction): string =>
  [
    of > 1 && t('restore.previewing', { number, of }),
    share > 0 && `${Math.floor(100 * share)} %`,
    secondsLeft !== undefined && remaining(secondsLeft, t),
  ]
    .filter(Boolean)
    .join(' · ');
