import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSettings, ContainerSpec } from '../../../src/core/containers/model.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import { type CreateBody, containerCreateBody } from '../../../src/formats/container/create-body.ts'
import type { ImageContent } from '../../real/docker/host.ts'

/** One way to declare a container, and what dockerd 20.10 made of it. */
export interface ContainerVector {
  /** What is special about it, as a sentence. */
  readonly name: string
  /** The networks and volumes of the Compose project `shop`, as far as the service uses others than `default`. */
  readonly project?: unknown
  /** In the words of Compose: the service `web`. */
  readonly service: { readonly image: string; readonly [key: string]: unknown }
  /** What it stands for, apart from the labels and defaults of its world; the rest is as of `plainSettings`. */
  readonly spec: Partial<ContainerSettings>
  /** What its image was made with; absent: of nothing special. */
  readonly imageContent?: ImageContent
  /** The containers of the services that it shares namespaces with. */
  readonly containers?: Readonly<Record<string, string>>
  // What was recorded, without the paths of the engine.
  /** GET /images/NAME/json */
  readonly image: { readonly Id: string }
  /** POST /containers/create, and what is joined then. */
  readonly body: object
  readonly connects: CreateBody['connects']
  /** GET /containers/ID/json, after both. */
  readonly inspect: { readonly Id: string }
}

export const casesDirectory = join(import.meta.dirname, 'cases')

/** The marks that all of them are made with. */
export const home = 'd1c2b3a4'
export const unit = 'shop/web/1'
export const containerName = 'shop-web-1'
export const marks = { 'io.holdfast.home': home, 'io.holdfast.unit': unit }
export const apiVersion = '1.41'

/** What all of them find: networks by the engine's names, and the container of the service db. */
export const networks: Readonly<Record<string, object>> = {
  shop_default: {},
  shop_front: { EnableIPv6: true, IPAM: { Config: [{ Subnet: '172.28.0.0/16' }, { Subnet: 'fd00:28::/64' }] } },
  shop_back: { IPAM: { Config: [{ Subnet: '172.29.0.0/16' }] } },
}
export const otherContainerName = 'shop-db-1'

export function vectorFiles(): readonly string[] {
  return readdirSync(casesDirectory).filter((file) => file.endsWith('.json'))
}

export function readVector(file: string): ContainerVector {
  return JSON.parse(readFileSync(join(casesDirectory, file), 'utf8'))
}

export function readVectors(): readonly ContainerVector[] {
  return vectorFiles().map(readVector)
}

export function specOf({ service, spec }: Pick<ContainerVector, 'service' | 'spec'>): ContainerSpec {
  return {
    containerName,
    image: service.image,
    platform: null,
    pull: 'missing',
    strategy: { kind: 'download-then-kill' },
    adopts: null,
    lockFiles: [],
    settings: { ...plainSettings, ...spec },
  }
}

export function bodyOf(
  vector: ContainerVector,
  { imageId, containers }: { readonly imageId: string; readonly containers: Readonly<Record<string, string>> },
): CreateBody {
  return containerCreateBody(specOf(vector), { imageId, marks, containers, apiVersion })
}
