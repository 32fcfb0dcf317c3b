// The stream of changes: server-sent events, read by fetch, which unlike EventSource says what is wrong and notices when
// nothing comes any more. Comes back by itself.

const FIRST_PAUSE = 500;
const LAST_PAUSE = 10_000;
/** The daemon says something every 15 seconds. */
const SILENCE = 40_000;

/**
 * @param onReport gets each report
 * @param onConnection gets true when the stream begins, false when it ends
 */
export async function follow(onReport, onConnection) {
  let pause = FIRST_PAUSE;
  for (;;) {
    try {
      await readStream((report) => {
        pause = FIRST_PAUSE;
        onConnection(true);
        onReport(report);
      });
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    onConnection(false);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(LAST_PAUSE, pause * 2);
  }
}

async function readStream(onReport) {
  const silence = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE);
  };
  heard();
  try {
    const response = await fetch('/live', { signal: silence.signal, cache: 'no-store' });
    if (!response.ok) return;
    let rest = '';
    for await (const chunk of chunksOf(response.body.pipeThrough(new TextDecoderStream()))) {
      heard();
      const messages = (rest + chunk).split('\n\n');
      rest = messages.pop();
      for (const message of messages) {
        const data = message.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) onReport(JSON.parse(data.slice('data: '.length)));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
