/** The labels of what this home made: whatever lacks them is somebody else's, and never touched. */
export const homeLabel = 'io.holdfast.home'
export const unitLabel = 'io.holdfast.unit'
/** Of a container: for which settings and image it was made, see ContainerSpec. */
export const specLabel = 'io.holdfast.spec'
/** Of a container: what it was asked for in words that an engine drops, or fills with its own, without telling. JSON. */
export const askedLabel = 'io.holdfast.asked'
