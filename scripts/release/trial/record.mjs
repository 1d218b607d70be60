export function record(results) { console.log(JSON.stringify(results,null,1)) }
