const KEY = 'theme';
const button = document.getElementById('theme');
const system = matchMedia('(prefers-color-scheme: dark)');
const current = () => localStorage.getItem(KEY) ?? (system.matches ? 'dark' : 'light');

function apply() {
  document.documentElement.dataset.theme = current();
  button.textContent = current() === 'dark' ? 'Light' : 'Dark';
  button.setAttribute('aria-label', `Switch to ${button.textContent.toLowerCase()} colours`);
}

button.addEventListener('click', () => {
  localStorage.setItem(KEY, current() === 'dark' ? 'light' : 'dark');
  apply();
});
system.addEventListener('change', apply);
apply();
