import { useDebouncedValue } from '@mantine/hooks';
import type { UseQueryResult } from '@tanstack/react-query';
import type { AppError } from '../../../shared/errors.ts';
import { useCall } from '../../api/hooks.ts';
import { chosenPictures, useSelection } from './selection.tsx';

/** The file name that the first exported picture would get, or the error in the template. */
export function useExampleName(): UseQueryResult<{ name: string }, AppError> {
  const { selection } = useSelection();
  const models = useCall('models.list', {});
  const [options] = useDebouncedValue(selection.options, 200);
  const pictures = chosenPictures(selection);
  const index = Math.max(
    0,
    pictures.findIndex(({ id }) => id === selection.current),
  );
  const picture = pictures[index];
  const chain = selection.recipe.models
    .map((id) => models.data?.find((model) => model.id === id))
    .filter((model) => model !== undefined);
  return useCall(
    'batches.exampleName',
    {
      picture: picture?.id ?? '',
      number: index + 1,
      models: chain.map(({ title, scale }) => ({ title, scale })),
      options,
    },
    { enabled: picture !== undefined && options.template !== '', silent: true, keep: true },
  );
}
