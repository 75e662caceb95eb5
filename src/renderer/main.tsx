import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import './research.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { queryClient, startEvents } from './api/hooks.ts';
import './i18n/index.ts';
import { looks, theme } from './theme.ts';

// Libraries that insert style elements need the page's nonce; the content security policy blocks any other style.
const nonce = document.querySelector('meta[name="style-nonce"]')?.getAttribute('content') ?? '';
Object.assign(globalThis, { __webpack_nonce__: nonce });

startEvents();
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={looks} defaultColorScheme="dark" getStyleNonce={() => nonce}>
        <QueryClientProvider client={queryClient}>
          <Notifications position="top-center" />
          <App />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
