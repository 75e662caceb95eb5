import { Anchor, Button, Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks.ts';
import { useTold } from '../../i18n/told.ts';
import { href } from '../../route.ts';

/** Models that cannot be used, with the reason. They can only be removed; a run is removed on its own page. */
export function BrokenModels() {
  const { t } = useTranslation();
  const told = useTold();
  const { data: broken = [] } = useCall('models.broken', {});
  const remove = useAction('models.remove');
  if (broken.length === 0) return null;
  return (
    <section>
      <Title order={2} size="h6" mb="xs">
        {t('models.broken')}
      </Title>
      <Table className="panel card" verticalSpacing="sm" horizontalSpacing="md" fz="sm">
        <Table.Tbody>
          {broken.map(({ id, title, reason, run }) => (
            <Table.Tr key={id}>
              <Table.Td fw={600}>{title}</Table.Td>
              <Table.Td>
                <Text size="sm">{told(reason)}</Text>
              </Table.Td>
              <Table.Td ta="right">
                {run === undefined ? (
                  <Button
                    size="xs"
                    variant="default"
                    loading={remove.isPending}
                    aria-label={t('models.removeBroken', { title })}
                    onClick={() => remove.mutate({ model: id })}
                  >
                    {t('models.remove')}
                  </Button>
                ) : (
                  <Anchor size="sm" href={href('runs', run)}>
                    {t('models.ofRun', { run })}
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
