import { Button, Group, Text } from '@mantine/core';
import { IconPhotoSearch } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import { call, pictureUrl } from '../../api/client.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { showError } from '../../api/showError.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { CompareBar } from '../../components/CompareBar.tsx';
import { CompareStage, type Layout } from '../../components/CompareStage.tsx';
import { DropArea } from '../../components/DropArea.tsx';
import { Empty, Loaded } from '../../components/States.tsx';
import { useCompareKeys } from '../../components/useCompareKeys.ts';
import { usePictureSize } from '../../components/usePictureSize.ts';
import { useZoom } from '../../components/useZoom.ts';
import { middleOf } from '../../components/visibleRegion.ts';
import { useSelection } from '../restore/selection.tsx';

/** Tries a model on a picture: a chosen or dropped one, the one open under Restore, or a sample. */
export function ModelTest({ model }: { model: string }) {
  const { t } = useTranslation();
  const { selection } = useSelection();
  const [picture, setPicture] = useState<string>();
  const current = selection.pictures.find(({ id }) => id === selection.current) ?? selection.pictures[0];
  const sample = useAction('app.sample');
  const take = (places: Place[]): void => {
    call('restore.collect', { places: places.map(({ id }) => id) }).then(
      ({ pictures: [first] }) => first && setPicture(first.id),
      showError,
    );
  };
  const choose = <ChoosePlace wanted="pictures" label={t('models.choosePicture')} onChoose={take} />;
  return (
    <DropArea onPlaces={take}>
      {picture === undefined ? (
        <Empty
          icon={<IconPhotoSearch size={56} stroke={1} />}
          title={t('models.testTitle')}
          text={t('models.testText')}
        >
          <Group justify="center">
            {choose}
            {current && (
              <Button size="xs" variant="default" onClick={() => setPicture(current.id)}>
                {t('models.currentPicture', { name: current.name })}
              </Button>
            )}
            <Button
              size="xs"
              variant="subtle"
              loading={sample.isPending}
              onClick={() => sample.mutate({}, { onSuccess: ({ pictures }) => take([pictures]) })}
            >
              {t('models.samplePicture')}
            </Button>
          </Group>
        </Empty>
      ) : (
        <Tried key={picture} model={model} picture={picture} choose={choose} />
      )}
    </DropArea>
  );
}

/** Before and after of the picture's centre, restored as soon as the picture's size is known. */
function Tried({ model, picture, choose }: { model: string; picture: string; choose: ReactNode }) {
  const { t } = useTranslation();
  const [layout, setLayout] = useState<Layout>('slider');
  const [loupe, setLoupe] = useState(false);
  const measured = usePictureSize(pictureUrl(picture));
  const size = measured.data;
  const zoom = useZoom(size);
  const toggleLoupe = () => setLoupe(!loupe);
  const holding = useCompareKeys({ zoom, variants: 1, layout, setLayout, toggleLoupe });
  const region = size && middleOf(0, 0, size.width, size.height);
  const tried = useCall(
    'restore.preview',
    { picture, models: [model], ...(region ? { region } : {}) },
    { enabled: region !== undefined, staleTime: Infinity, silent: true },
  );
  const progress = tried.data
    ? t('restore.previewed', {
        width: tried.data.region.width,
        height: tried.data.region.height,
        seconds: tried.data.seconds.toFixed(1),
      })
    : t('models.trying');
  const result = tried.data && { url: pictureUrl(tried.data.picture), region: tried.data.region };
  return (
    <div style={{ height: '100%', display: 'flex', flexDirection: 'column' }}>
      <div style={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        <Loaded query={measured}>
          {(known) => (
            <div style={{ flex: 1, minHeight: 0 }}>
              <CompareStage
                picture={{
                  before: pictureUrl(picture),
                  size: known,
                  variants: [{ id: model, title: t('compare.after'), result }],
                  active: 0,
                }}
                zoom={zoom}
                layout={layout}
                strength={1}
                holdBefore={holding}
                loupe={loupe}
              />
            </div>
          )}
        </Loaded>
      </div>
      <Group
        px="md"
        py="xs"
        gap="sm"
        justify="space-between"
        wrap="nowrap"
        style={{ borderTop: '1px solid var(--line)' }}
      >
        <Group gap="xs" wrap="nowrap" miw={0}>
          {choose}
          <Text size="xs" c={tried.error ? 'red' : 'dimmed'} lineClamp={2} aria-live="polite">
            {tried.error ? tried.error.message : progress}
          </Text>
        </Group>
        <CompareBar
          zoom={zoom}
          variants={1}
          layout={layout}
          setLayout={setLayout}
          loupe={loupe}
          toggleLoupe={toggleLoupe}
        />
      </Group>
    </div>
  );
}
