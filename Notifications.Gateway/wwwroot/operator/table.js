/** Creates an element. The text is only shown as text, whatever it contains. */
export function make(name, text = '', attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  Object.entries(attributes).forEach(([attribute, value]) => element.setAttribute(attribute, value));
  return element;
}

/** @param {(string | Node)[]} cells */
export function row(cells, attributes = {}) {
  const element = make('tr', '', attributes);
  element.append(...cells.map(cell => {
    if (cell instanceof HTMLTableCellElement) {
      return cell;
    }

    const td = document.createElement('td');
    td.append(cell);
    return td;
  }));
  return element;
}

export const number = text => make('td', text, { class: 'number' });

/** Creates a cell with a text, and a smaller note under it. */
export function withNote(text, note) {
  const td = make('td', text);
  td.append(make('small', note));
  return td;
}

/** Replaces the rows, and shows a text when there are none. When the items are the same, the rows stay, so that a selection in them is kept. */
export function fill(id, items, toRow) {
  const body = document.getElementById(id);
  const content = JSON.stringify(items);
  if (body.dataset.content !== content) {
    body.dataset.content = content;
    body.replaceChildren(...items.map(toRow));
    document.getElementById(`${id}-empty`).hidden = items.length > 0;
  }
}

export function facts(id, pairs) {
  document.getElementById(id).replaceChildren(...pairs.map(([name, value]) => {
    const item = document.createElement('li');
    item.append(make('span', name), make('strong', value));
    return item;
  }));
}
