import { Anchor, Button, Code, CopyButton, Group, Modal, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, ModelEntry } from '../../../shared/contract/models.ts';
import { dateTime } from '../../../shared/dates.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { grouped } from '../../components/format.ts';
import { RevealFolder } from '../../components/RevealFolder.tsx';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { go, href } from '../../route.ts';
import { usingModel, useSelection } from '../restore/selection.tsx';
import { ExportModel } from './ExportModel.tsx';
import { fileSize } from '../../components/fileSize.ts';
import { titleOf } from '../../components/titleOf.ts';
import { ModelTest } from './ModelTest.tsx';

/** One model: a trial on a picture, and everything known about it. */
export function ModelPage({ model }: { model: ModelEntry }) {
  const { t } = useTranslation();
  const told = useTold();
  const { change } = useSelection();
  const detail = useCall('models.show', { model: model.id }, { staleTime: 0 });
  const [removing, { open, close }] = useDisclosure(false);
  const remove = useAction('models.remove', ['models.list', 'packs.list']);
  return (
    <ScreenFrame
      title={titleOf(model, told)}
      subtitle={told(model.description)}
      actions={
        <>
          <Button
            size="xs"
            onClick={() => {
              change(usingModel(model.id));
              go('restore');
            }}
          >
            {t('models.use')}
          </Button>
          <Button size="xs" variant="default" onClick={() => go('models')}>
            {t('models.back')}
          </Button>
        </>
      }
    >
      <Group gap={0} align="stretch" wrap="nowrap" flex={1} mih={0}>
        <Stack flex={1} miw={0} gap={0}>
          <ModelTest model={model.id} />
        </Stack>
        <ScrollArea className="panel" w={312} style={{ borderLeft: '1px solid var(--line)', flexShrink: 0 }}>
          <Stack component="aside" aria-label={t('models.facts')} gap="md" p="md">
            <Loaded query={detail}>
              {(known) => (
                <>
                  <Facts model={known} />
                  <RevealFolder what={model.run ? { run: model.run } : { folder: 'models' }} path={known.file} />
                  {known.formats.length > 0 && <ExportModel model={known} />}
                </>
              )}
            </Loaded>
            {model.removable && (
              <Button size="xs" variant="default" onClick={open} style={{ alignSelf: 'flex-start' }}>
                {t('models.removeAsk')}
              </Button>
            )}
          </Stack>
        </ScrollArea>
      </Group>
      <Modal
        opened={removing}
        onClose={close}
        title={t('models.removeTitle', { title: model.title })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <Stack>
          <Text size="sm">{t('models.removeText')}</Text>
          <Group justify="flex-end">
            <Button size="sm" variant="default" data-autofocus onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button
              size="sm"
              color="red"
              loading={remove.isPending}
              onClick={() => remove.mutate({ model: model.id }, { onSuccess: () => go('models') })}
            >
              {t('models.remove')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </ScreenFrame>
  );
}

function Facts({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const told = useTold();
  const rows: [string, string | undefined][] = [
    [
      t('models.column.network'),
      [told(model.network), model.scale > 1 && `× ${model.scale}`].filter(Boolean).join(' '),
    ],
    [t('models.fact.parameters'), model.parameters === undefined ? undefined : grouped(model.parameters)],
    [t('models.fact.psnr'), model.psnr === undefined ? undefined : `${model.psnr.toFixed(2)} dB`],
    [t('models.fact.source'), model.run === undefined ? model.source : undefined],
    [t('models.fact.added'), dateTime(model.added)],
    [t('packs.licence'), model.licence],
    [t('packs.size'), fileSize(model.bytes)],
    [t('models.fact.file'), model.file],
    ...Object.entries(model.options).map(([key, value]): [string, string] => [
      key,
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  ];
  return (
    <Stack gap="xs">
      {model.run && (
        <Anchor href={href('runs', model.run)} size="sm">
          {t('models.ofRun', { run: model.run })}
        </Anchor>
      )}
      <Table fz="xs" verticalSpacing={4} horizontalSpacing={0} withRowBorders={false} layout="fixed">
        <Table.Tbody>
          {rows.map(
            ([name, value]) =>
              value !== undefined && (
                <Table.Tr key={name}>
                  <Table.Td w={104} c="dimmed" valign="top">
                    {name}
                  </Table.Td>
                  <Table.Td className="path" valign="top">
                    {value}
                  </Table.Td>
                </Table.Tr>
              ),
          )}
        </Table.Tbody>
      </Table>
      <div>
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            SHA-256
          </Text>
          <CopyButton value={model.hash}>
            {({ copied, copy }) => (
              <Anchor component="button" size="xs" onClick={copy}>
                {t(copied ? 'models.copied' : 'models.copyHash')}
              </Anchor>
            )}
          </CopyButton>
        </Group>
        <Code block className="path" style={{ whiteSpace: 'normal' }}>
          {model.hash}
        </Code>
      </div>
    </Stack>
  );
}
