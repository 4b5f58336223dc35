import type { Labels } from '../model.ts'

/** One demand on the labels of a unit. */
export type LabelRule =
  | { readonly kind: 'has'; readonly name: string }
  | { readonly kind: 'is' | 'is-not'; readonly name: string; readonly value: string }

export type ParsedRules =
  | { readonly kind: 'rules'; readonly rules: readonly LabelRule[] }
  | { readonly kind: 'bad'; readonly text: string }

/** `key=value`, `key`, `key!=value`; with commas, and in several texts: all of them. `key==value` is forgiven. */
export function parseLabelRules(texts: readonly string[]): ParsedRules {
  const rules: LabelRule[] = []
  for (const text of texts) {
    for (const part of text.split(',')) {
      const rule = parseRule(part.trim())
      if (rule === null) return { kind: 'bad', text }
      rules.push(rule)
    }
  }
  return { kind: 'rules', rules }
}

function parseRule(text: string): LabelRule | null {
  const [, name, sign, value = ''] = /^([^\s=!,]+)(?:\s*(!=|==?)\s*(.*))?$/s.exec(text) ?? []
  if (name === undefined) return null
  if (sign === undefined) return { kind: 'has', name }
  return { kind: sign === '!=' ? 'is-not' : 'is', name, value }
}

export function obeysRules(labels: Labels, rules: readonly LabelRule[]): boolean {
  return rules.every((rule) => obeysRule(Object.hasOwn(labels, rule.name) ? labels[rule.name] : undefined, rule))
}

function obeysRule(value: string | undefined, rule: LabelRule): boolean {
  switch (rule.kind) {
    case 'has':
      return value !== undefined
    case 'is':
      return value === rule.value
    case 'is-not':
      return value !== rule.value
  }
}
