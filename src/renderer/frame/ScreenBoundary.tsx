import { Button, Center, Code, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { i18n } from '../i18n/index.ts';

/** Contains a crash to one screen: the rest of the window, and all running work, continues. */
export class ScreenBoundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state as { error: Error | undefined };
    if (!error) return this.props.children;
    return (
      <Center h="100%" p="xl" role="alert">
        <Stack align="center" gap="sm" maw={560}>
          <Text fw={600} size="lg">
            {i18n.t('frame.faultTitle')}
          </Text>
          <Text c="dimmed" ta="center">
            {i18n.t('frame.faultText')}
          </Text>
          <Code block>{error.message}</Code>
          <Button variant="default" onClick={() => this.setState({ error: undefined })}>
            {i18n.t('error.again')}
          </Button>
        </Stack>
      </Center>
    );
  }
}
