/** Take files that are dropped on a place or chosen with an input, one at a time. */
export function takeFiles(place: HTMLElement, input: HTMLInputElement, take: (file: File) => void): void {
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    if (file !== undefined) take(file)
    input.value = ''
  })
  place.addEventListener('dragover', event => {
    event.preventDefault()
    place.classList.add('over')
  })
  place.addEventListener('dragleave', () => place.classList.remove('over'))
  place.addEventListener('drop', event => {
    event.preventDefault()
    place.classList.remove('over')
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) take(file)
  })
}
