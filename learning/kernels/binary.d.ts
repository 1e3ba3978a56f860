/** The compiled kernels of this folder, in base64. `npm run build` writes the module. */
export declare const binary: string
