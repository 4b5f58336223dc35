/** What a bundle may hold. Beyond it somebody has made a mistake, or means harm. */

/** The table of contents is read into memory: 1000 images of 100 layers each take some 8 MiB. */
export const contentsBytesMax = 16 * 1024 * 1024
export const imagesMax = 1000
/** More than any engine takes of one image. */
export const layersPerImageMax = 255
export const layersMax = 20_000
export const filesMax = 1000
/** Files of the target are held in memory. */
export const filesBytesMax = 64 * 1024 * 1024
/** The configuration of an image is some KiB; engines refuse larger ones. */
export const configBytesMax = 8 * 1024 * 1024
export const referencesMax = 1000
