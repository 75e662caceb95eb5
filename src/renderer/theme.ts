import { Alert, createTheme, type CSSVariablesResolver, type MantineColorsTuple, Menu } from '@mantine/core';

/** Greys without a tint: a coloured surround would change how colours in a photograph are seen. */
const neutral: MantineColorsTuple = [
  '#e4e4e4',
  '#c6c6c6',
  '#a8a8a8',
  '#8a8a8a',
  '#5c5c5c',
  '#3f3f3f',
  '#303030',
  '#242424',
  '#1b1b1b',
  '#121212',
];
const accent: MantineColorsTuple = [
  '#eaf3fb',
  '#d3e4f4',
  '#a6c8e8',
  '#78acdc',
  '#5294d0',
  '#3d85c8',
  '#2b74b8',
  '#2063a1',
  '#195389',
  '#104270',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { dark: neutral, accent },
  defaultRadius: 'sm',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    // The first item takes the focus; Mantine's placeholder for it is nothing that a menu may hold.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    // Mantine writes titles in the colour of the notice, too light to read where that is yellow or orange.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});

/** White on red, as buttons that remove have it, can be read in both; `red-6` is what menus write in. */
const red = { '--mantine-color-red-filled': '#c92a2a', '--mantine-color-red-filled-hover': '#b02525' };

/** In what dark and light differ from Mantine's own: text keeps a contrast of 4.5 : 1 on every ground that it stands on. */
export const looks: CSSVariablesResolver = () => ({
  variables: {},
  dark: {
    ...red,
    '--mantine-color-body': '#1e1e1e',
    '--mantine-color-dimmed': '#a8a8a8',
    '--mantine-color-placeholder': '#9a9a9a',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-red-6': '#ff8787',
    // Mantine's is darker than all around it: a hole where something is chosen or told.
    '--mantine-color-gray-light': '#353535',
    '--mantine-color-gray-light-hover': '#3d3d3d',
    '--mantine-color-anchor': 'var(--mantine-color-accent-3)',
    '--panel': '#262626',
    '--stage': '#161616',
    '--line': '#383838',
  },
  light: {
    ...red,
    '--mantine-color-body': '#f3f3f3',
    '--mantine-color-dimmed': '#5a5a5a',
    '--mantine-color-placeholder': '#6b6b6b',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-red-6': '#c92a2a',
    '--mantine-color-yellow-text': '#7a5200',
    '--panel': '#ffffff',
    '--stage': '#d6d6d6',
    '--line': '#d0d0d0',
  },
});
