/** The screens in the order of the navigation and of the menu. A digit key opens each. */
export const screenIds = ['restore', 'datasets', 'train', 'runs', 'studies', 'models', 'settings'] as const;
export type ScreenId = (typeof screenIds)[number];
