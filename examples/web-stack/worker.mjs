// Asks the API now and then, as its work.
console.log(`working as process ${process.pid}`)
const work = async () => {
  const answer = await fetch(`http://127.0.0.1:${process.env.API_PORT}/`)
  console.log(`${answer.status} ${(await answer.text()).trim()}`)
}
setInterval(() => work().catch((error) => console.error(error.message)), 2_000)
