import { NumberInput, Paper, Group, Text, type NumberInputProps } from '@mantine/core';
import type { ReactNode } from 'react';

type FieldProps = Omit<NumberInputProps, 'value' | 'onChange'> & { value: number; onChange: (value: number) => void };

/** A whole number; reports nothing while the field is empty or out of range. */
export function Count({
  value,
  min = 1,
  max = 10_000_000,
  onChange,
  ...rest
}: FieldProps & { min?: number; max?: number }) {
  return (
    <NumberInput
      {...rest}
      value={value}
      min={min}
      max={max}
      allowDecimal={false}
      thousandSeparator=" "
      onChange={(next) => typeof next === 'number' && next >= min && next <= max && onChange(next)}
    />
  );
}

/** A decimal number; `above` is an exclusive lower bound. */
export function Amount({
  value,
  min = 0,
  max = Infinity,
  above = -Infinity,
  onChange,
  ...rest
}: FieldProps & { min?: number; max?: number; above?: number }) {
  return (
    <NumberInput
      decimalScale={10}
      {...rest}
      value={value}
      min={min}
      max={max}
      onChange={(next) => typeof next === 'number' && next >= min && next <= max && next > above && onChange(next)}
    />
  );
}

/** A titled section of the form. */
export function Section({
  title,
  text,
  side,
  children,
}: {
  title: string;
  text?: string;
  side?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Paper withBorder p="md" className="panel" component="section" aria-label={title}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb={children ? 'sm' : 0}>
        <div>
          <Text fw={600}>{title}</Text>
          {text && (
            <Text size="sm" c="dimmed">
              {text}
            </Text>
          )}
        </div>
        {side}
      </Group>
      {children}
    </Paper>
  );
}
