import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'build-*/',
      'node_modules/',
      '*/kernels/',
      'protocols/messages.ts',
      'eslint.config.js',
      'scripts/embed-wasm.js'
    ]
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true }
      ],
      eqeqeq: ['error', 'always'],
      'no-console': 'error'
    }
  }
)
