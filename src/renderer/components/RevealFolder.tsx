import { ActionIcon, Button, CopyButton, Group } from '@mantine/core';
import { IconCheck, IconCopy, IconFolderOpen } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Revealed } from '../../shared/contract/app.ts';
import { bridge } from '../api/client.ts';
import { useAction } from '../api/hooks.ts';

/**
 * Opens a folder in the file manager of the computer that runs the program. A browser may run on another computer, so
 * there the path can also be copied; if no file manager opens, only that is offered.
 */
export function RevealFolder({ what, path }: { what: Revealed; path: string }) {
  const { t } = useTranslation();
  const reveal = useAction('app.reveal');
  const [failed, setFailed] = useState(false);
  return (
    <Group gap={4} wrap="nowrap">
      {!failed && (
        <Button
          size="xs"
          px="xs"
          variant="default"
          leftSection={<IconFolderOpen size={14} stroke={1.5} />}
          loading={reveal.isPending}
          onClick={() => reveal.mutate(what, { onError: () => setFailed(true) })}
        >
          {t('reveal.open')}
        </Button>
      )}
      {(!bridge || failed) && (
        <CopyButton value={path}>
          {({ copied, copy }) =>
            failed ? (
              <Button
                size="xs"
                px="xs"
                variant="default"
                title={path}
                leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} stroke={1.5} />}
                onClick={copy}
              >
                {t(copied ? 'reveal.copied' : 'reveal.copy')}
              </Button>
            ) : (
              <ActionIcon size={30} variant="default" title={path} aria-label={t('reveal.copy')} onClick={copy}>
                {copied ? <IconCheck size={14} /> : <IconCopy size={14} stroke={1.5} />}
              </ActionIcon>
            )
          }
        </CopyButton>
      )}
    </Group>
  );
}
