import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  MutationCache,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import type { CallInput, CallName, CallOutput, StudioEvent } from '../../shared/contract.ts';
import type { AppError } from '../../shared/errors.ts';
import { call, subscribe } from './client.ts';
import { setConnected } from './connection.ts';
import { showError } from './showError.ts';

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => query.meta?.['silent'] !== true && showError(error) }),
  mutationCache: new MutationCache({
    onError: (error, _, __, mutation) => mutation.meta?.['silent'] !== true && showError(error),
  }),
  defaultOptions: { queries: { retry: false, staleTime: 30_000, refetchOnWindowFocus: false } },
});

interface CallOptions {
  enabled?: boolean;
  staleTime?: number;
  /** The caller shows errors itself. */
  silent?: boolean;
  /** Keeps showing the previous answer until the answer for new input arrives. */
  keep?: boolean;
}

/** The answer to a call, cached and shared by all components that ask the same. */
export function useCall<Name extends CallName>(
  name: Name,
  input: CallInput<Name>,
  { silent = false, keep = false, ...options }: CallOptions = {},
): UseQueryResult<CallOutput<Name>, AppError> {
  return useQuery<CallOutput<Name>, AppError>({
    queryKey: [name, input],
    queryFn: () => call(name, input),
    ...options,
    ...(silent ? { meta: { silent } } : {}),
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  });
}

/** A call that changes something. Afterwards the calls named in `refreshes` are repeated. */
export function useAction<Name extends CallName>(
  name: Name,
  refreshes: CallName[] = [],
  { silent = false }: { silent?: boolean } = {},
): UseMutationResult<CallOutput<Name>, AppError, CallInput<Name>> {
  const client = useQueryClient();
  return useMutation<CallOutput<Name>, AppError, CallInput<Name>>({
    mutationFn: (input) => call(name, input),
    ...(silent ? { meta: { silent } } : {}),
    onSuccess: async () => {
      await Promise.all(refreshes.map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
}

const listeners = new Set<(event: StudioEvent) => void>();

/** Connects events to the page, once. After a lost connection, all data is loaded again. */
export function startEvents(): void {
  let lost = false;
  subscribe(
    (event) => listeners.forEach((listener) => listener(event)),
    (connected) => {
      setConnected(connected);
      if (connected && lost) void queryClient.invalidateQueries();
      lost = !connected;
    },
  );
}

/** Listens to events while the component is mounted. */
export function useEvents(listener: (event: StudioEvent) => void): void {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listener]);
}
