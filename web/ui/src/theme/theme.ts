/** Mantine's theme from the checked palette. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'
import { DARK, LIGHT, type Palette } from './palette'

const shades = (fill: string, soft: string): MantineColorsTuple => [
  soft,
  soft,
  soft,
  soft,
  soft,
  fill,
  fill,
  fill,
  fill,
  fill,
]

export const theme = createTheme({
  fontFamily: 'system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "DejaVu Sans Mono", monospace',
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  defaultRadius: 'sm',
  focusRing: 'always',
  respectReducedMotion: true,
  colors: {
    accent: shades(DARK.accentFill, DARK.accent),
    ok: shades(DARK.okFill, DARK.ok),
    danger: shades(DARK.dangerFill, DARK.danger),
  },
})

function variables(palette: Palette): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(palette).map(([name, value]) => [`--sg-${name}`, value])),
    '--mantine-color-body': palette.bg0,
    '--mantine-color-text': palette.text,
    '--mantine-color-dimmed': palette.dim,
    '--mantine-color-placeholder': palette.dim,
    '--mantine-color-error': palette.danger,
    '--mantine-color-anchor': palette.accent,
    '--mantine-color-default': palette.bg2,
    '--mantine-color-default-hover': palette.bg3,
    '--mantine-color-default-color': palette.text,
    '--mantine-color-default-border': palette.line,
    '--mantine-color-disabled': palette.bg2,
    '--mantine-color-disabled-color': palette.dim,
  }
}

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  dark: variables(DARK),
  light: variables(LIGHT),
})
