import { Anchor, Button, Card, Code, CopyButton, Group, ScrollArea, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ModelEntry } from '../../../shared/contract/models.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty, Loaded } from '../../components/States.tsx';
import { go, href } from '../../route.ts';
import { useSelection } from '../restore/selection.tsx';

/** What there is to restore with: models of own runs, and files that were added. */
export function ModelsScreen() {
  const { t } = useTranslation();
  const models = useCall('models.list', {});
  const add = useAction('models.add', ['models.list']);
  return (
    <ScreenFrame title={t('nav.models')} actions={<ChoosePlace wanted="weights" label={t('models.add')} onChoose={([file]) => file && add.mutate({ file: file.id })} />}>
      <Loaded query={models}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={<IconStack2 size={56} stroke={1} />} title={t('models.emptyTitle')} text={t('models.emptyText')}>
              <Button onClick={() => go('train')}>{t('runs.toTrain')}</Button>
            </Empty>
          ) : (
            <ScrollArea flex={1}>
              <SimpleGrid cols={{ base: 2, xl: 3 }} p="lg">
                {list.map((model) => (
                  <ModelCard key={model.id} model={model} />
                ))}
              </SimpleGrid>
            </ScrollArea>
          )
        }
      </Loaded>
    </ScreenFrame>
  );
}

function ModelCard({ model }: { model: ModelEntry }) {
  const { t } = useTranslation();
  const { change } = useSelection();
  const remove = useAction('models.remove', ['models.list']);
  const facts = [model.network, model.scale > 1 ? `× ${model.scale}` : undefined, model.parameters && t('models.parameters', { count: model.parameters }), model.psnr && `${model.psnr.toFixed(2)} dB`];
  const use = (): void => {
    change({ model: model.id });
    go('restore');
  };
  return (
    <Card withBorder className="panel">
      <Stack gap="xs" h="100%">
        <Text fw={600}>{model.title}</Text>
        <Text size="xs" c="dimmed">
          {facts.filter(Boolean).join(' · ')}
        </Text>
        <Text size="sm">{model.description}</Text>
        <Text size="xs" c="dimmed">
          {model.run ? <Anchor href={href('runs', model.run)} size="xs">{t('models.ofRun', { run: model.run })}</Anchor> : t('models.from', { source: model.source })}
        </Text>
        {model.hash && (
          <CopyButton value={model.hash}>
            {({ copied, copy }) => (
              <Anchor component="button" size="xs" ta="left" onClick={copy} aria-label={t('models.copyHash')}>
                SHA-256 <Code>{copied ? t('models.copied') : `${model.hash?.slice(0, 16)}…`}</Code>
              </Anchor>
            )}
          </CopyButton>
        )}
        <Group mt="auto" gap="xs">
          <Button size="xs" onClick={use}>
            {t('models.use')}
          </Button>
          {!model.run && (
            <Button size="xs" variant="subtle" color="gray" onClick={() => remove.mutate({ model: model.id })}>
              {t('models.remove')}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}
