import { compareRecord, type Finding } from './compare-difference.ts'

/** Ours, and those of whoever made a container before it was taken over: they are not there because of a declaration. */
const foreignLabels: readonly string[] = ['io.holdfast.', 'com.docker.compose.']

type Words = Readonly<Record<string, string>>

export function compareLabels({ is, shouldBe }: { readonly is: Words; readonly shouldBe: Words }): readonly Finding[] {
  const isForeign = ({ field, shouldBe: declared }: Finding) =>
    declared === null && foreignLabels.some((prefix) => field.startsWith(`labels.${prefix}`))
  return compareRecord('labels', { is, shouldBe }).filter((finding) => !isForeign(finding))
}
