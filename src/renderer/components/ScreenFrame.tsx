import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** Title and actions at the top; the content below scrolls by itself. */
export function ScreenFrame({
  title,
  subtitle,
  actions,
  children,
}: {
  title: string;
  subtitle?: string | undefined;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Stack component="section" gap={0} h="100%">
      <Group
        component="header"
        justify="space-between"
        wrap="nowrap"
        px="lg"
        py="sm"
        mih={68}
        style={{ borderBottom: '1px solid var(--line)' }}
      >
        <Stack gap={0} miw={0}>
          <Title order={1} size="h4" lineClamp={1}>
            {title}
          </Title>
          {subtitle && (
            <Text size="xs" c="dimmed" lineClamp={1}>
              {subtitle}
            </Text>
          )}
        </Stack>
        <Group gap="xs" wrap="nowrap">
          {actions}
        </Group>
      </Group>
      {children}
    </Stack>
  );
}
