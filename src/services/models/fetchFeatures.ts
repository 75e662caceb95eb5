import type { Home } from '../app/home.ts';
import { featurePackage, type FetchOptions, withFeaturePackage } from './featurePackage.ts';
import { importFeatures, type ImportedFeatures, listFeatures } from './features.ts';

/** The networks in the package. */
const given = ['vgg16', 'lpips-alex', 'lpips-vgg'] as const;

/** Whether all networks of the package are already stored. */
export function featuresAreHere(home: Pick<Home, 'features'>): boolean {
  const here = listFeatures(home).map(({ network }) => network);
  return given.every((network) => here.includes(network));
}

/**
 * Fetches VGG16, AlexNet and LPIPS' heads and stores them; from then on they are used offline. Nothing is downloaded if
 * they are already stored.
 * @throws AppError as {@link withFeaturePackage}
 */
export async function fetchFeatures(home: Home, options: FetchOptions = {}): Promise<ImportedFeatures[]> {
  if (featuresAreHere(home)) return listFeatures(home);
  const { name, version, sha256 } = featurePackage;
  return withFeaturePackage(
    (archive) => importFeatures(archive, home, `${name} ${version}, SHA-256 ${sha256}`),
    options,
  );
}
