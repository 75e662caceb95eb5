import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Greys without a tint: a coloured surround would change how colours in a photograph are seen. */
const neutral: MantineColorsTuple = ['#e4e4e4', '#c6c6c6', '#a8a8a8', '#8a8a8a', '#5c5c5c', '#3f3f3f', '#303030', '#242424', '#1b1b1b', '#121212'];
const accent: MantineColorsTuple = ['#eaf3fb', '#d3e4f4', '#a6c8e8', '#78acdc', '#5294d0', '#3d85c8', '#2b74b8', '#2063a1', '#195389', '#104270'];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { dark: neutral, accent },
  defaultRadius: 'sm',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  focusRing: 'auto',
  cursorType: 'pointer',
});
