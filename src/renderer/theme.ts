import { Alert, createTheme, type CSSVariablesResolver, type MantineColorsTuple, Menu } from '@mantine/core';

/** Neutral greys: a tinted surround would change how the colours of a photograph are perceived. */
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
    // The first item takes the focus. Mantine's placeholder element for it is not allowed inside a menu.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    // Mantine draws notice titles in the colour of the notice. Yellow and orange would be too light to read.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});

/** White on this red, as on delete buttons, is readable in both themes. Menus write in `red-6`. */
const red = { '--mantine-color-red-filled': '#c92a2a', '--mantine-color-red-filled-hover': '#b02525' };

/**
 * Differences from Mantine's own dark and light themes. Text has a contrast of at least 4.5 : 1 on every background it
 * is used on.
 */
export const looks: CSSVariablesResolver = () => ({
  variables: {},
  dark: {
    ...red,
    '--mantine-color-body': '#1e1e1e',
    '--mantine-color-dimmed': '#a8a8a8',
    '--mantine-color-placeholder': '#9a9a9a',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-red-6': '#ff8787',
    // Mantine's colour is darker than its surroundings, so that selected items and messages would look like holes.
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
