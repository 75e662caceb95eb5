import { notifications } from '@mantine/notifications';
import { AppError, messageOf } from '../../shared/errors.ts';
import { i18n } from '../i18n/index.ts';

/** The one place where errors are shown. A cancellation is not an error. */
export function showError(error: unknown): void {
  if (error instanceof AppError && error.code === 'cancelled') return;
  const message = messageOf(error);
  notifications.show({
    id: message,
    color: 'red',
    title: i18n.t('error.title'),
    message,
    autoClose: 12_000,
    withBorder: true,
    closeButtonProps: { 'aria-label': i18n.t('common.close') },
  });
}
