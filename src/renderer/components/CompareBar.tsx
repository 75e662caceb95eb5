import { ActionIcon, Button, Group, SegmentedControl, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import {
  IconColumns2,
  IconLayoutGrid,
  IconPhoto,
  IconPlusMinus,
  IconSeparatorVertical,
  IconZoomIn,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { layoutsFor, type Layout } from './CompareStage.tsx';
import type { Zoom } from './useZoom.ts';

const icons: Record<Layout, Icon> = {
  slider: IconSeparatorVertical,
  side: IconColumns2,
  after: IconPhoto,
  difference: IconPlusMinus,
  all: IconLayoutGrid,
};

interface BarProps {
  zoom: Zoom;
  /** Number of variants that are compared. */
  variants: number;
  layout: Layout;
  setLayout: (layout: Layout) => void;
  loupe: boolean;
  toggleLoupe: () => void;
}

/** The layout of a comparison, and its zoom. */
export function CompareBar({ zoom, variants, layout, setLayout, loupe, toggleLoupe }: BarProps) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label={t('compare.layout')}
        value={layoutsFor(variants).includes(layout) ? layout : 'side'}
        onChange={(value) => setLayout(value)}
        data={layoutsFor(variants).map((value) => {
          const Drawing = icons[value];
          return {
            value,
            label: (
              <Tooltip label={t(`compare.${value}`)} openDelay={400}>
                <span style={{ display: 'flex', height: 18, alignItems: 'center' }}>
                  <Drawing size={16} stroke={1.5} aria-hidden />
                  <VisuallyHidden>{t(`compare.${value}`)}</VisuallyHidden>
                </span>
              </Tooltip>
            ),
          };
        })}
      />
      <Tooltip label={`${t('compare.loupe')} (L)`} openDelay={400}>
        <ActionIcon
          variant={loupe ? 'filled' : 'default'}
          size={30}
          aria-label={t('compare.loupe')}
          aria-pressed={loupe}
          onClick={toggleLoupe}
        >
          <IconZoomIn size={16} stroke={1.5} />
        </ActionIcon>
      </Tooltip>
      <Button.Group>
        <Button size="xs" px="xs" variant="default" onClick={zoom.fit}>
          {t('compare.fit')}
        </Button>
        <Button size="xs" px="xs" variant="default" onClick={() => zoom.to(1)}>
          1:1
        </Button>
      </Button.Group>
      <Text size="xs" w={44} ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {Math.round(zoom.view.scale * 100)} %
      </Text>
    </Group>
  );
}
