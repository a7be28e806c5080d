/** The languages of answers; codes, numbers and names of fields are the same in both. */
export type Language = 'zh-CN' | 'en';
