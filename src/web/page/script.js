// Keeps the page as it is on the keeper: takes the parts that changed, and says when it cannot.
(() => {
  'use strict';

  // An event comes about once a second; after so long without one the page is not live, ms.
  const SILENCE_MS = 6000;
  // Between two tries where the browser tries no more by itself, ms; the last counts for all others.
  const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
  // Between two looks at new charts, ms.
  const CHARTS_MS = 60000;
  // A connection that says nothing for so long is given up for another, ms.
  const GIVE_UP_MS = 15000;

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  let source = null;
  let tries = 0;
  let retry = 0;
  let heardAt = performance.now();
  let askedAt = heardAt;
  let ageMs = Number(root.dataset.age) || 0;
  let said = root.dataset.key;
  let isLive = false;

  // Times, in the reader's own zone beside UTC.

  const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });

  function localise(within) {
    if (new Date().getTimezoneOffset() === 0) return;
    for (const time of within.querySelectorAll('time[data-form]')) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const form = time.dataset.form;
      const here = (form === 'moment' ? day.format(at) + ', ' : '') + clock.format(at) + ' here';
      if (form === 'title') {
        time.title = here;
        continue;
      }
      const local = document.createElement('span');
      local.className = 'local';
      local.textContent = ' (' + here + ')';
      time.append(local);
    }
  }

  // Makes `old` like `fresh` with as few changes as there are: focus, selection and what a person
  // has unfolded stay.

  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id : '');

  function patch(old, fresh) {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) return;
    for (const { name } of [...old.attributes]) {
      const isKept = name === 'open' && old.nodeName === 'DETAILS';
      if (!isKept && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const named = new Map();
    for (const child of old.children) if (child.id) named.set(child.id, child);
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const key = keyOf(child);
      const same = key ? named.get(key) : at;
      const fits = same && same.nodeName === child.nodeName && keyOf(same) === key;
      if (fits) {
        if (same === at) at = at.nextSibling;
        else old.insertBefore(same, at);
        patch(same, child);
      } else {
        old.insertBefore(child, at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function take(parts) {
    for (const [id, text] of Object.entries(parts)) {
      const old = byId(id);
      if (!old) continue;
      const holder = document.createElement('template');
      holder.innerHTML = text;
      localise(holder.content);
      if (holder.content.firstElementChild) patch(old, holder.content.firstElementChild);
    }
  }

  // How old what is shown is.

  function words(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return s + ' s';
    if (s < 3600) return Math.floor(s / 60) + ' min ' + (s % 60) + ' s';
    return Math.floor(s / 3600) + ' h ' + (Math.floor(s / 60) % 60) + ' min';
  }

  function show() {
    const silent = performance.now() - heardAt;
    const age = words(ageMs + silent);
    if (isLive && silent > SILENCE_MS) lose();
    const isOpen = source.readyState !== EventSource.CLOSED;
    if (!isLive && isOpen && performance.now() - Math.max(askedAt, heardAt) > GIVE_UP_MS) connect();
    root.classList.toggle('live', isLive);
    root.classList.toggle('lost', !isLive && tries > 0);
    const text = isLive ? 'Live, judged ' + age + ' ago'
      : tries > 0 ? 'Not live: what you see is ' + age + ' old'
      : 'Judged ' + age + ' ago';
    if (byId('age').textContent !== text) byId('age').textContent = text;
    byId('notlive').hidden = isLive || tries === 0;
    byId('notlive-age').textContent = age;
  }

  function say(text) {
    if (byId('spoken').textContent !== text) byId('spoken').textContent = text;
  }

  function lose() {
    isLive = false;
    tries = Math.max(tries, 1);
    say('Connection to the keeper lost. What the page shows grows old.');
  }

  function hear(message) {
    const look = JSON.parse(message.data);
    if (look.build !== root.dataset.build && !hasJustReloaded()) {
      // Another eoskeeper answers now: its page, not ours.
      location.reload();
      return;
    }
    const wasLost = !isLive && tries > 0;
    isLive = true;
    tries = 0;
    heardAt = performance.now();
    ageMs = look.age_ms;
    take(look.parts);
    if (document.title !== look.title) document.title = look.title;
    const icon = 'icon/' + look.icon + '.svg';
    if (byId('icon').getAttribute('href') !== icon) byId('icon').setAttribute('href', icon);
    if (look.key !== said || wasLost) say((wasLost ? 'Connected again. ' : '') + look.spoken);
    said = look.key;
    show();
  }

  function hasJustReloaded() {
    try {
      const before = Number(sessionStorage.getItem('reloaded')) || 0;
      if (Date.now() - before < 60000) return true;
      sessionStorage.setItem('reloaded', String(Date.now()));
    } catch {
      return true;
    }
    return false;
  }

  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    askedAt = performance.now();
    source = new EventSource('events');
    source.addEventListener('look', hear);
    source.addEventListener('error', () => {
      lose();
      show();
      if (source.readyState !== EventSource.CLOSED) return;
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length) - 1];
      tries += 1;
      retry = setTimeout(connect, wait);
    });
  }

  // A phone that was asleep does not wait for its next try.
  function wake() {
    const isOld = performance.now() - heardAt > SILENCE_MS;
    const isClosed = source.readyState === EventSource.CLOSED;
    if (document.visibilityState === 'visible' && (isOld || isClosed)) connect();
  }

  function renewCharts() {
    if (document.visibilityState !== 'visible') return;
    const step = String(Math.floor(Date.now() / CHARTS_MS));
    for (const image of document.querySelectorAll('#charts img, #charts source')) {
      const name = image.nodeName === 'IMG' ? 'src' : 'srcset';
      image.setAttribute(name, image.getAttribute(name).replace(/at=.*$/, 'at=m' + step));
    }
  }

  localise(document);
  document.addEventListener('visibilitychange', wake);
  addEventListener('online', wake);
  addEventListener('pageshow', wake);
  addEventListener('pagehide', () => source && source.close());
  setInterval(show, 1000);
  setInterval(renewCharts, CHARTS_MS);
  connect();
})();
