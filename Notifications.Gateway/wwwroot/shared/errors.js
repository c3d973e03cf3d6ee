const box = document.getElementById('error');

/**
 * Runs an action, and shows its error on the page when it fails. A success removes the message of an earlier error.
 * @param {() => Promise<unknown>} action
 */
export async function attempt(action) {
  try {
    await action();
    box.hidden = true;
  } catch (error) {
    box.textContent = error.message;
    box.hidden = false;
  }
}
