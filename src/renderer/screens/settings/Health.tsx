import { ActionIcon, Code, CopyButton, Group, Loader, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCircleCheck, IconCircleX, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Check } from '../../../shared/contract/app.ts';
import { useCall } from '../../api/hooks.ts';
import { Loaded } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { BugReport } from './BugReport.tsx';

/** The results of `mcir doctor`, and the bug report. */
export function Health() {
  const { t } = useTranslation();
  const checks = useCall('app.check', {});
  return (
    <Stack gap="md">
      {checks.isPending ? (
        <Group gap="sm">
          <Loader size="xs" />
          <Text size="sm">{t('settings.checking')}</Text>
        </Group>
      ) : (
        <Loaded query={checks}>{(list) => <Checks checks={list} />}</Loaded>
      )}
      <BugReport />
    </Stack>
  );
}

const icons = {
  ok: <IconCircleCheck size={18} color="var(--mantine-color-green-6)" />,
  warning: <IconAlertTriangle size={18} color="var(--mantine-color-yellow-6)" />,
  missing: <IconCircleX size={18} color="var(--mantine-color-red-6)" />,
};

function Checks({ checks }: { checks: Check[] }) {
  const { t } = useTranslation();
  const told = useTold();
  return (
    <Table>
      <Table.Tbody>
        {checks.map((check) => (
          <Table.Tr key={check.title}>
            <Table.Td w={190}>
              <Group gap="xs" wrap="nowrap">
                <span role="img" aria-label={t(`settings.state.${check.state}`)} style={{ lineHeight: 0 }}>
                  {icons[check.state]}
                </span>
                {told(check.title)}
              </Group>
            </Table.Td>
            <Table.Td>
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {told(check.detail)}
              </Text>
              {check.fix && <Command text={check.fix} />}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A terminal command with a copy button. */
function Command({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Group gap={4} mt={4} wrap="nowrap">
      <Code>{text}</Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('settings.copied') : t('settings.copy')}>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('settings.copy')} onClick={copy}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
