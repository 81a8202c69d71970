// Keeps the overview as it is on the keeper: asks for it anew, takes the bands that changed, and says
// when it cannot.
(() => {
  'use strict';

  // Between two questions, ms.
  const EVERY_MS = 5000;
  // How long an answer may take, ms.
  const DEADLINE_MS = 4000;

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const bands = (within) => [...within.querySelectorAll('main > section')];
  let heardAt = performance.now();
  let isAsking = false;

  const words = (within) =>
    bands(within).map((band) => band.querySelector('a').textContent + ': ' + band.querySelector('.word').textContent).join('. ');
  let said = words(document);

  function say(text) {
    if (byId('spoken').textContent !== text) byId('spoken').textContent = text;
  }

  // Another eoskeeper, or another file: its page, not ours.
  function isOther(fresh) {
    const shape = (within) =>
      [...within.querySelectorAll('link[rel=stylesheet], script')].map((e) => e.getAttribute('href') || e.getAttribute('src'))
        .concat(bands(within).map((band) => band.id)).join(' ');
    return shape(fresh) !== shape(document);
  }

  function take(fresh) {
    for (const band of bands(fresh)) {
      const old = byId(band.id);
      if (old.outerHTML === band.outerHTML) continue;
      // Whoever stands on its link stands there again.
      const isFocused = old.contains(document.activeElement);
      old.replaceWith(document.importNode(band, true));
      if (isFocused) byId(band.id).querySelector('a').focus({ preventScroll: true });
    }
    if (document.title !== fresh.title) document.title = fresh.title;
    const icon = fresh.getElementById('icon').getAttribute('href');
    if (byId('icon').getAttribute('href') !== icon) byId('icon').setAttribute('href', icon);
  }

  function lose(isLost) {
    const wasLost = root.classList.contains('lost');
    root.classList.toggle('lost', isLost);
    root.classList.toggle('live', !isLost);
    byId('notlive').hidden = !isLost;
    const now = words(document);
    if (isLost) {
      byId('notlive-age').textContent = Math.round((performance.now() - heardAt) / 1000) + ' s';
      if (!wasLost) say('Connection to the keeper lost. What the page shows grows old.');
    } else if (wasLost || now !== said) {
      say((wasLost ? 'Connected again. ' : '') + now);
    }
    said = now;
  }

  async function look() {
    if (isAsking || document.visibilityState !== 'visible') return;
    isAsking = true;
    try {
      const answer = await fetch('.', { cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (isOther(fresh)) {
        location.reload();
        return;
      }
      take(fresh);
      heardAt = performance.now();
      lose(false);
    } catch {
      lose(true);
    } finally {
      isAsking = false;
    }
  }

  document.addEventListener('visibilitychange', look);
  addEventListener('online', look);
  setInterval(look, EVERY_MS);
})();
