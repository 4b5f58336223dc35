import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineNetwork, IpamSpec, NetworkSpec } from '../../core/containers/model.ts'
import { at, flagOr, type Json, listOf, textOf, textOr, wordOf, wordsOf } from './json.ts'
import { said, stated } from './said.ts'

/**
 * What GET /networks/ID told (or one of GET /networks). Throws an Error that names the path of what is not as it should
 * be.
 */
export function readNetwork(answer: unknown, homeId: string): EngineNetwork {
  const json: Json = { value: answer, path: '' }
  const labels = wordsOf(at(json, 'Labels'))
  return {
    id: textOf(at(json, 'Id')),
    name: textOf(at(json, 'Name')),
    isOurs: labels[homeLabel] === homeId,
    driver: textOr(at(json, 'Driver'), ''),
    driverOpts: wordsOf(at(json, 'Options')),
    isInternal: flagOr(at(json, 'Internal'), false),
    isAttachable: flagOr(at(json, 'Attachable'), false),
    enableIpv6: flagOr(at(json, 'EnableIPv6'), false),
    isConfigOnly: flagOr(at(json, 'ConfigOnly'), false),
    ipam: readIpam(at(json, 'IPAM')),
    labels,
  }
}

/** The body of POST /networks/create. */
export function networkCreateBody(spec: NetworkSpec, marks: Readonly<Record<string, string>>): object {
  return stated({
    Name: spec.engineName,
    // Before API 1.44 a second network of the same name would be made.
    CheckDuplicate: true,
    Driver: spec.driver ?? undefined,
    Internal: spec.isInternal || undefined,
    Attachable: spec.isAttachable || undefined,
    EnableIPv6: spec.enableIpv6 || undefined,
    ConfigOnly: spec.isConfigOnly || undefined,
    Options: said(spec.driverOpts),
    IPAM: spec.ipam === null ? undefined : ipamBody(spec.ipam),
    Labels: { ...spec.labels, ...marks },
  })
}

function readIpam(json: Json): IpamSpec {
  return {
    driver: wordOf(at(json, 'Driver')),
    config: listOf(at(json, 'Config')).map((each) => ({
      subnet: wordOf(at(each, 'Subnet')),
      gateway: wordOf(at(each, 'Gateway')),
      ipRange: wordOf(at(each, 'IPRange')),
      auxAddresses: wordsOf(at(each, 'AuxiliaryAddresses')),
    })),
    options: wordsOf(at(json, 'Options')),
  }
}

function ipamBody({ driver, config, options }: IpamSpec): object {
  return stated({
    Driver: driver ?? undefined,
    Config: config.map((each) =>
      stated({
        Subnet: each.subnet ?? undefined,
        Gateway: each.gateway ?? undefined,
        IPRange: each.ipRange ?? undefined,
        AuxiliaryAddresses: said(each.auxAddresses),
      }),
    ),
    Options: said(options),
  })
}
