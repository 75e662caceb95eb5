import { Group, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useTold } from '../i18n/told.ts';
import { fieldLabel } from './fieldLabel.ts';

/** The subset of JSON Schema that the registries use. */
interface Field {
  type?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  enum?: unknown[];
  prefixItems?: Field[];
}

type Values = Record<string, unknown>;

/** A form built from the JSON Schema of a degradation's or network's settings, with one field per property. */
export function SchemaForm({
  schema,
  values,
  onChange,
}: {
  schema: Record<string, unknown>;
  values: Values;
  onChange: (values: Values) => void;
}) {
  const fields = Object.entries((schema['properties'] ?? {}) as Record<string, Field>);
  return (
    <Stack gap="sm">
      {fields.map(([name, field]) => (
        <FieldInput
          key={name}
          name={name}
          field={field}
          value={values[name] ?? field.default}
          onChange={(value) => onChange({ ...values, [name]: value })}
        />
      ))}
    </Stack>
  );
}

function FieldInput({
  name,
  field,
  value,
  onChange,
}: {
  name: string;
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const told = useTold();
  const common = {
    label: told(fieldLabel(name)),
    description: field.description && told(field.description),
    size: 'xs' as const,
  };
  const choices = field.enum;
  if (choices)
    return (
      <Select
        {...common}
        data={choices.map(String)}
        value={String(value)}
        allowDeselect={false}
        onChange={(next) => onChange(choices.find((choice) => String(choice) === next))}
      />
    );
  if (field.type === 'boolean')
    return <Switch {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (field.type === 'number' || field.type === 'integer')
    return <NumberField {...common} field={field} value={value} onChange={onChange} />;
  if (field.prefixItems?.length === 2 && Array.isArray(value)) {
    const pair = value as unknown[];
    const [low, high] = field.prefixItems;
    return (
      <div role="group" aria-label={common.label}>
        <Text size="xs" fw={600}>
          {common.label}
        </Text>
        <Text size="xs" c="dimmed" mb={4}>
          {common.description}
        </Text>
        <Group grow gap="xs">
          <NumberField
            aria-label={`${common.label} 1`}
            size="xs"
            field={low ?? {}}
            value={pair[0]}
            onChange={(next) => onChange([next, pair[1]])}
          />
          <NumberField
            aria-label={`${common.label} 2`}
            size="xs"
            field={high ?? {}}
            value={pair[1]}
            onChange={(next) => onChange([pair[0], next])}
          />
        </Group>
      </div>
    );
  }
  return <TextInput {...common} value={value === undefined ? '' : JSON.stringify(value)} readOnly />;
}

interface NumberFieldProps {
  label?: string;
  description?: string | undefined;
  'aria-label'?: string;
  size: 'xs';
  field: Field;
  value: unknown;
  onChange: (value: number) => void;
}

function NumberField({ field, value, onChange, ...rest }: NumberFieldProps) {
  const { minimum = -Infinity, maximum = Infinity } = field;
  const span = maximum - minimum;
  const fraction = span > 2 ? 0.1 : 0.01;
  const step = field.type === 'integer' || span > 20 ? 1 : fraction;
  return (
    <NumberInput
      {...rest}
      min={minimum}
      max={maximum}
      step={step}
      allowDecimal={field.type !== 'integer'}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => typeof next === 'number' && onChange(next)}
    />
  );
}
