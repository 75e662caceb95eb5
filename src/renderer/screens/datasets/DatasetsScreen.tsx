import { Button, Group, NavLink, ScrollArea } from '@mantine/core';
import { IconDatabase } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks.ts';
import { ScreenFrame } from '../../components/ScreenFrame.tsx';
import { Empty, Loaded } from '../../components/States.tsx';
import { go, href, useRoute } from '../../route.ts';
import { AddDataset } from './AddDataset.tsx';
import { DatasetView } from './DatasetView.tsx';

/** Training pictures: which are paired, which are not, and how inputs are made. */
export function DatasetsScreen() {
  const { t } = useTranslation();
  const { item } = useRoute();
  const datasets = useCall('datasets.list', {});

  return (
    <ScreenFrame title={t('nav.datasets')} actions={<AddDataset onAdded={(added) => go('datasets', added.id)} />}>
      <Loaded query={datasets}>
        {(list) => {
          const chosen = list.find((dataset) => dataset.id === item) ?? list[0];
          if (!chosen)
            return (
              <Empty
                icon={<IconDatabase size={56} stroke={1} />}
                title={t('datasets.emptyTitle')}
                text={t('datasets.emptyText')}
              />
            );
          return (
            <Group gap={0} align="stretch" wrap="nowrap" flex={1} mih={0}>
              <ScrollArea className="panel" w={220} style={{ borderRight: '1px solid var(--line)', flexShrink: 0 }}>
                {list.map((dataset) => (
                  <NavLink
                    key={dataset.id}
                    href={href('datasets', dataset.id)}
                    label={dataset.name}
                    description={dataset.target}
                    active={dataset.id === chosen.id}
                    color="gray"
                    styles={{ description: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } }}
                  />
                ))}
              </ScrollArea>
              <DatasetView
                key={chosen.id}
                dataset={chosen}
                actions={
                  <Button size="xs" onClick={() => go('train', `data:${chosen.id}`)}>
                    {t('datasets.train')}
                  </Button>
                }
              />
            </Group>
          );
        }}
      </Loaded>
    </ScreenFrame>
  );
}
