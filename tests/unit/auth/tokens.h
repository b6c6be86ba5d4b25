/* Keys and tokens by node:crypto; make_tokens.js made this file. The claims are
 * {"userId":"u1","username":"Ada","exp":2000000000} */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_AUTH_TOKENS_H
#define TESTS_UNIT_AUTH_TOKENS_H

#define TOKENS_KEYS                                                                          \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"p2F-eHZP1y_gixNcdGbXpRXvyKQc5fYbHipEz"              \
    "TkybklcZcuYLQNmZeypJZoAfLhOC40cgcvetkGiIv_PVTKz_GRf09aeQ9HKOorjB"                       \
    "MlSPxsmYAHF6DE9trvRHJhhFRxgl1Us_mmP7E6xND98m-KqXrbhKhnMyLoMVt6A7"                       \
    "iOSqJo1Xy7l1mq2G58qegw_7cD_oopmtukDX4Z3a7uqotv7mPRijzb4VIbquMm-N"                       \
    "vjO7Sddv-FffCTCgO4P99G2uy3BuCulOGIAdd4D7qyrGM-0QcIINFw6Dy1vUDZz-"                       \
    "nTMMbDZpBQ41V-ckou19CE0EaoqW4kWhLgHMRfBtEqhfoPcrQ\",\"e\":\"AQAB\",\"k"                 \
    "id\":\"enc\",\"use\":\"enc\"},{\"kty\":\"oct\",\"kid\":\"shared\",\"k\":\"YSBzZWNy"     \
    "ZXQgdGhhdCBldmVyeWJvZHkgY2FuIHJlYWQ\"},{\"kty\":\"RSA\",\"n\":\"nBsXwJzr"               \
    "ivRzU_Rrlc8yVG4-naXnmrxOc-RP8rUgZhH8i1QOfJnoYZoSbBKZlhaSkJWJr9FK"                       \
    "NyywnsBo7uEjGzdBIh1B5eD2lCp8aU0IRDgYzxa2WJFTAxCf_4-SVNoOEh1NmGgT"                       \
    "cgfgU7AO-LptN6bJswek_hw5uy1JjydrAtc\",\"e\":\"AQAB\",\"kid\":\"small\"},{"              \
    "\"kty\":\"EC\",\"x\":\"LLrWqzAhaxwjueZg0oRR5dB6-akPC-NIy9O0NPXWScbNSCxp"                \
    "vSkqmcSlmtlsx6I9\",\"y\":\"qGhJXWC3Yheq_9o29HU57Aox4O4aGN4uLKhPyzf8k"                   \
    "DholgoVNd7CLPxjMHYSt116\",\"crv\":\"P-384\",\"kid\":\"p384\"},{\"kty\":\"RSA"           \
    "\",\"kid\":\"broken\",\"n\":\"!\",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"" \
    "kid\":\"off-curve\",\"x\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"                 \
    "E\",\"y\":\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\"},\"no object"                 \
    "\",{\"kty\":\"RSA\",\"n\":\"zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_njaxrpq6Y2"               \
    "Qvyrx_ehL-S_so6RRdxyMp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_CpqL364I"                       \
    "jVOLtPgMCXmaJnI8TxThnz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx8Sz-Esm"                       \
    "6uWlSWiY5-CHxDseJM3PTOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyyzTnJwoJ"                       \
    "FoeTl7LfJBg8PkUTO4LC3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzLP3VJz-Q"                       \
    "rEU3M1aEaDVBU4LC_tjZlyYeZn42HuL-45os9UCkSQ\",\"e\":\"AQAB\",\"kid\":\"r1"               \
    "\",\"use\":\"sig\",\"alg\":\"RS256\"},{\"kty\":\"EC\",\"x\":\"lfOn_haGKWqWBcJJSI"       \
    "525MWDl6iu693n3sDB4Jlv_HE\",\"y\":\"tfoEbUWP5lBHEM9BaeMPN-vt_Lk7uuGf"                   \
    "F5Aan3Epc-8\",\"crv\":\"P-256\",\"kid\":\"e1\",\"key_ops\":[\"verify\"]}]}"

#define TOKENS_KEYS_WITHOUT_NAMES                                                \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_nja"  \
    "xrpq6Y2Qvyrx_ehL-S_so6RRdxyMp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_C"           \
    "pqL364IjVOLtPgMCXmaJnI8TxThnz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx"           \
    "8Sz-Esm6uWlSWiY5-CHxDseJM3PTOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyy"           \
    "zTnJwoJFoeTl7LfJBg8PkUTO4LC3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzL"           \
    "P3VJz-QrEU3M1aEaDVBU4LC_tjZlyYeZn42HuL-45os9UCkSQ\",\"e\":\"AQAB\"},{"      \
    "\"kty\":\"EC\",\"x\":\"lfOn_haGKWqWBcJJSI525MWDl6iu693n3sDB4Jlv_HE\",\"y\"" \
    ":\"tfoEbUWP5lBHEM9BaeMPN-vt_Lk7uuGfF5Aan3Epc-8\",\"crv\":\"P-256\"}]}"

#define TOKENS_KEYS_OF_TWO                                                       \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_nja"  \
    "xrpq6Y2Qvyrx_ehL-S_so6RRdxyMp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_C"           \
    "pqL364IjVOLtPgMCXmaJnI8TxThnz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx"           \
    "8Sz-Esm6uWlSWiY5-CHxDseJM3PTOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyy"           \
    "zTnJwoJFoeTl7LfJBg8PkUTO4LC3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzL"           \
    "P3VJz-QrEU3M1aEaDVBU4LC_tjZlyYeZn42HuL-45os9UCkSQ\",\"e\":\"AQAB\",\"k"     \
    "id\":\"r1\"},{\"kty\":\"RSA\",\"n\":\"p2F-eHZP1y_gixNcdGbXpRXvyKQc5fYbHipE" \
    "zTkybklcZcuYLQNmZeypJZoAfLhOC40cgcvetkGiIv_PVTKz_GRf09aeQ9HKOorj"           \
    "BMlSPxsmYAHF6DE9trvRHJhhFRxgl1Us_mmP7E6xND98m-KqXrbhKhnMyLoMVt6A"           \
    "7iOSqJo1Xy7l1mq2G58qegw_7cD_oopmtukDX4Z3a7uqotv7mPRijzb4VIbquMm-"           \
    "NvjO7Sddv-FffCTCgO4P99G2uy3BuCulOGIAdd4D7qyrGM-0QcIINFw6Dy1vUDZz"           \
    "-nTMMbDZpBQ41V-ckou19CE0EaoqW4kWhLgHMRfBtEqhfoPcrQ\",\"e\":\"AQAB\",\""     \
    "kid\":\"r2\"}]}"

#define TOKENS_KEY_FOR_RS512                                                    \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_nja" \
    "xrpq6Y2Qvyrx_ehL-S_so6RRdxyMp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_C"          \
    "pqL364IjVOLtPgMCXmaJnI8TxThnz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx"          \
    "8Sz-Esm6uWlSWiY5-CHxDseJM3PTOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyy"          \
    "zTnJwoJFoeTl7LfJBg8PkUTO4LC3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzL"          \
    "P3VJz-QrEU3M1aEaDVBU4LC_tjZlyYeZn42HuL-45os9UCkSQ\",\"e\":\"AQAB\",\"k"    \
    "id\":\"r1\",\"alg\":\"RS512\"}]}"

#define TOKENS_KEY_PRIVATE                                                      \
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_nja" \
    "xrpq6Y2Qvyrx_ehL-S_so6RRdxyMp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_C"          \
    "pqL364IjVOLtPgMCXmaJnI8TxThnz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx"          \
    "8Sz-Esm6uWlSWiY5-CHxDseJM3PTOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyy"          \
    "zTnJwoJFoeTl7LfJBg8PkUTO4LC3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzL"          \
    "P3VJz-QrEU3M1aEaDVBU4LC_tjZlyYeZn42HuL-45os9UCkSQ\",\"e\":\"AQAB\",\"d"    \
    "\":\"DcdcsomV08ToHQPCcTMCyOSRazsTs87h5c8BR1zKH2bpS4uazzFVHxuFGSmDJ"        \
    "z6Vb7xvS0hLPExDYq-aoWymgQXM9uVXffMbnQ-UIVdkmq6WRze7bfqWAAql4f8V-"          \
    "S2KxX1diGnNN0po6IJ78WDMO5Ju5BK0XwfeWUs3FYukj7kHkmOSnR26z62e4IX9O"          \
    "BI0W22dF-09Ra6IzRiFe8UMc348eFnl11JAyReYmry0CyPQd8IycYLKdB1E_4scD"          \
    "X-IRB7MSIPFCnEdemsUkm9PFWkLeg7LhCkPW_gg-mXIoqDzGCmTqluMp2hwsbd2b"          \
    "9b0o696jt_8TolbozizSH8fQQ\",\"p\":\"6lf5z909aeGjGMmD9qFPqmB21ZFQxYXX"      \
    "hwm0aUoxoyaUzZQFmHsyt0mVmABIWpxerrek4wpPCvxHor_LU3UgXcnSAmnAoJ7z"          \
    "Me-CbgnmsMJDVIx4gtgc1bQi-rrKEFRJWcKiaV3f9WvXx9gH8ePqCjmGDkVm7a0G"          \
    "sYkhPDX7mJk\",\"q\":\"4HpjOfWDWzdD5YTnOrvyKZr5ypVsOpFOZTBsUVnCAkxoFc"      \
    "kJLmbkkclV9GIqDK6P_wXry3QuYdYZhyAnsR4cYvEv-nVS05UAOP-7qyWvACdnc5"          \
    "jvoF3qAb7pzLeY7RVHnMOsT0AV8UsA33KsliJHeYxllx0giO5tshIwF7y2RzE\",\""        \
    "dp\":\"rx1wusjblJyc8O_dIdZnHq0Y__yn_AJJDUrOOwPLVdyFw52CFPCy9E4TcFN"        \
    "9veAtzKfEmjhg2pesvExQFxxmRE-FFHKMFDrTBpSwxaO2dI2mHK8fer8dxP_oR65"          \
    "_QnaJnX6ZON2CdvXQeDDRtwsWH-_eYhmwkZkDcHVFlaXNTbk\",\"dq\":\"TiLLvzTy"      \
    "UCHghFfKlOsu08SaBiYU0h4aB6bfTUHNAjfOUybzBy_Rh91pCfPRZzCr9rz84ojC"          \
    "TFPV9u7-Yex1PQtvA-MqvXMz7KM3k88-JvOQUvB9GHkYJxtpDlUp6fxqPOrvY3aP"          \
    "LLpKx3yHDotIDcsM4ZjF5mP30u_5xYlueUE\",\"qi\":\"zOtgV9ASGv7zgJYTipQLg"      \
    "0p5StjxkwzO9zz8Ls7G9dxc9n2Z0s1lDAVLdZfiddsWu06lKa7NDDTVYnWnvFWAI"          \
    "67Ru5Fc6bpQkJuF9JdW-qHpTWx8Og1vsWDQU6RYt4_GPqSoEZwKypbt7Dhc-8DbE"          \
    "gDsvMc8Kl6NTVAkbpHYVKc\",\"kid\":\"r1\"}]}"

#define TOKENS_R1_PEM                                                    \
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBC"  \
    "gKCAQEAzX0DWAKVnlmH0Ow/yVNG\nKX9zPr1wr9i4H/njaxrpq6Y2Qvyrx/ehL+S/"  \
    "so6RRdxyMp2jiI3Sa8zVgBJ8M1a1\nNgyGJIsieX7wxre/CpqL364IjVOLtPgMCXm"  \
    "aJnI8TxThnz88md63CpwTZOQI9pOn\nH/3QM9K0KoozvVTPx8Sz+Esm6uWlSWiY5+"  \
    "CHxDseJM3PTOhIKPiqKQVi9STeqKSj\nAUGvSfi9G/F8AjGyyzTnJwoJFoeTl7LfJ"  \
    "Bg8PkUTO4LC3Z1gXAGSrrPT/6x9h8Z6\n+1Nkrquosu3Z/DWzLP3VJz+QrEU3M1aE"  \
    "aDVBU4LC/tjZlyYeZn42HuL+45os9UCk\nSQIDAQAB\n-----END PUBLIC KEY---" \
    "--\n"

#define TOKENS_R1_N                                                    \
    "zX0DWAKVnlmH0Ow_yVNGKX9zPr1wr9i4H_njaxrpq6Y2Qvyrx_ehL-S_so6RRdxy" \
    "Mp2jiI3Sa8zVgBJ8M1a1NgyGJIsieX7wxre_CpqL364IjVOLtPgMCXmaJnI8TxTh" \
    "nz88md63CpwTZOQI9pOnH_3QM9K0KoozvVTPx8Sz-Esm6uWlSWiY5-CHxDseJM3P" \
    "TOhIKPiqKQVi9STeqKSjAUGvSfi9G_F8AjGyyzTnJwoJFoeTl7LfJBg8PkUTO4LC" \
    "3Z1gXAGSrrPT_6x9h8Z6-1Nkrquosu3Z_DWzLP3VJz-QrEU3M1aEaDVBU4LC_tjZ" \
    "lyYeZn42HuL-45os9UCkSQ"

#define TOKENS_RS256_R1                                                \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.XU-UcEvsk2pFpLNmoxUx2pzqF" \
    "aTndW64fWYumlKHz_pTPDojswZxUiRtv1Lda4VESV5Tpst0J-xE_xDzghH7Zh_yC" \
    "r9it23sMoenCdWCwJzDJNH10zX6fLu-gqZLgxO4Zk97WIYWTuJgjbRMa5qR7JePZ" \
    "QTCRnW5R8g4ZtoAyaqe5vp8Jyf10dh-aR0nD1mEOJG9Mq9o8GAJt0JmTVlZPUoY0" \
    "9DOCRtcxSL7fHaUZSXfuLx-HuWHGwdhnbPg0tjvnlk02tWbsBnZls3sk_kPhrmeB" \
    "Gs8h10A3y6aBSN1P8wBE9ILGjCdpLGKm-ijg91ma_8EL5OmPCYYuebdYYaI1g"

#define TOKENS_RS256_R2_SAYS_R1                                        \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.lQz1QwLyM-gp841xwqc3xB6Nh" \
    "aNnRBdUQ4T8jcPLUmPtlwh8l5oanq5qE1jzLHm8sPa_7lF22BScoqH6jN2E7QgnJ" \
    "SV7XHrmohcYhXSp-9ipNg-h_rZpeLht2pxBgPPZCGpOusetmdTks28iV2BylbM_7" \
    "WTgKNgM_Eepom--w623YK_Irt933PjQZ37yJ3zpDlcFim5hg8EHo6ASPbzjC7dSL" \
    "p9M3RpC5NSSQQNO3MHAPsy5xt452gB0s3G4BvEFc7PThWvXe4EEsXMU3ThNhKWiV" \
    "YW5ry6aLt9oEvuaQS7iaWFouZ5o6zyKEWCx-Vfs0ISJky_Zqe6DFivsYtpmow"

#define TOKENS_RS256_R2                                                \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIyIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.ijCkspx7K3R_0z-0TSDybP70p" \
    "t2mVGlNmhH2IM9pV6fDmtb1LADxSXfg1ofsqrAKYUOHyD3AXzLOcMFoJAsj26C9k" \
    "z6eMA3pCHeLxPPxOKdJahhVYyR3m0NKTllMW0zwmwWBM6okuRlVf42F2mXPVTOaj" \
    "DWOztiCsZZIzMZzyojHsqptlHgrqcMLrGDifWobOiIWMFMgJzhBtdN3M5LA0o1F4" \
    "7RRwymuTfTR0OIwvm_4RZAYoKb9nIy2O2nMfxg8X9b-DA0xGC47pKn57fL3YdkFx" \
    "as6rJi0nSFO1ilmleSeEuqOf_IqV7tUIaDRIlCCc5Jk0oF7uGiuOwlvDrEROA"

#define TOKENS_RS256_WITHOUT_KID                                       \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiJ1MSIsInVzZXJ" \
    "uYW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.EHqDyPsfpR1tB2A56fBsa9ig" \
    "yMviboCI68Hb8n14JP8ACR7nGD-0jeNb853Y81o59yWMJyDHpxoxsmlApqM00DVZ" \
    "4ZMlDQxtktu69DVdK4sUG4Wdbn17eSEweu56W-XMhH3P39teK0j5FCEPhuEVBsNC" \
    "w2Xve8ZL_jf6DfUCsf2Z5Okrqoz5bnE-wXEhYo3KcEhwxwsbQbKEyKG9qnUGIAit" \
    "eykEBdxxg8yLJrzsU3Kc9R9ecHgoZannbHzDRRtbXHF0VIFGCew0EVOMLtmeRWQI" \
    "ouyjYKmuWhDlBB6Yv98yrxdk68BeaHRLYlG-EhU4zjOMjhdPcF-8F_Uj2_kueQ"

#define TOKENS_RS256_KID_ENC                                           \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImVuYyJ9.eyJ1c2VySWQiOiJ1MSIsInVzZXJ" \
    "uYW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.KD4F4NFKjN5NvRQEIJkCKN4q" \
    "hZVGGFWFhy4gcfdY4xsL_F6uIIo1cfAqJq7NHW06aXjBQ3hr4muom_4PcXLBSTjP" \
    "a_TQI9QO1br8pMd7UOfBa_VEX_k7L7_UOz3EHIzmaB0Ds__avOG5PN7Tj0L6U8wa" \
    "w74uVhetIi7-ktt-guJWo_FmkpuzbIhPLF-bYCS-pryVmb1lqIOj-kt1lJV4UVKw" \
    "h4Z0IBuUbRLxZSCbvWTO6fCJD6eM0Nw1Wf8IIKhrUVwnukBvvX4p5ta1NwG1Obvj" \
    "esTGu9phpazrN0wwzmsF6xTDc345vFejSOJP5ZEzW4kC0vm6URPpxZHVtPTA-Q"

#define TOKENS_RS256_SMALL                                             \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InNtYWxsIn0.eyJ1c2VySWQiOiJ1MSIsInVz" \
    "ZXJuYW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.bxmAvYEw7IV2rpmT9WT0b" \
    "iKVqRLwUtUz-hXyYUMkAv667qOWkE5i_cgAsd0NBoCj4cswlyPsT8JNeQDUu5O6o" \
    "odOjeQ6TssUSFK3p_k3OA9mIPjRK135O31F6q4OK3ielGQpJZeM5BCMxyDq7zgjs" \
    "NU4FpAWeFpn0Pf6PrMHMkE"

#define TOKENS_RS256_CRIT                                              \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwiY3JpdCI6WyJiNjQiXSwiYjY0Ijp0" \
    "cnVlfQ.eyJ1c2VySWQiOiJ1MSIsInVzZXJuYW1lIjoiQWRhIiwiZXhwIjoyMDAwM" \
    "DAwMDAwfQ.Fo8kBS_ItxtS-gn21PdVVmy4LltxcA9gStUKwDiy6XB09yHI5Rqevu" \
    "67J-NpnHc0MHkJ6hfV_yi3tccKQ2fvD4tvbgBEiyJQpGxLL8Y7V_09U3uPmEUt1i" \
    "tkc-AbSMG9IJtN-tMf7w1dqV3pdeEfuosuZCbJf26D51n9U36eByKzms7x4O-Yaj" \
    "JhjuhEGsAyl3mpDHK-u7gSTnbroCPgoyOL_oS9qsBysX8VWVMgZ-0TXdbsgWKYft" \
    "xcebUn-wzFinKh4Qnnopq17E4CYS2TVTylEppRBP2-qccFI-2zWtGNZBQT6B4D29" \
    "XGAznX1tkxM1GosUs6-2fIhoIkEaL70g"

#define TOKENS_RS512_R1                                                \
    "eyJhbGciOiJSUzUxMiIsImtpZCI6InIxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.Cml16IB_qQYV_8WmZKQujNExN" \
    "uqiVTfv3U2RTlf-OfLhVXPFr7pwdJIyjarzT9-JqD0MQaiCPro7HV8f4lgeO1v3s" \
    "3MltNFU5YJ4iGE_WpSm6QdFludCnvwbLSDUTdgAlCxXoly5kBHlTlH6u0KerSvid" \
    "aj6YJhes5mTKB3KdMJEOZKQk_J7m7Z6lSeNxC9ZlcfZJCV5BdzkgrizZPHqwGkPk" \
    "T2sfHYVSeIheYMKbVEtS5JtHtR8-o_Xe7aSlBxr0QEMXomgbZ2uNDBHA0307sPix" \
    "agWl-Bn3ZWNZiYmuzJ-NcYcSjbbFW_hA9NTvb6H61Limx35W6HK_DnM0JxpnQ"

#define TOKENS_PS256_R1                                                \
    "eyJhbGciOiJQUzI1NiIsImtpZCI6InIxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.vY9cZ2PL9DHBtaHjXTJNaAUjr" \
    "fSYaf4kqH4ogjFoTTlXv9KtL2OJH1InexsgeHhHbbpjPqyLsZCi9o0csgw7Jm_zX" \
    "ScsJ2il3mH3QVu8GdcbRE0dK7Tvr3HlkOKQOvPkX8w__snpWRa8B0OJTxDGEmNsY" \
    "TK2QbCC2qarERTfL3UdT8DpPYIgrMi_mMFPpsKf0zrsL_U3ZthMEFYDRibsViIsh" \
    "dk18YrYF7vx4p-qk81Erkp1XE7oR2f8PRgOTi-2uXmIJ0o3KONJP77OGrctzGq96" \
    "_1Nyi3ejMIKWAvWEu-JJRVTL2gNRsj1pXsgFqHimmMm09bCc2Xubn_RRjNMqA"

#define TOKENS_ES256_E1                                                \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.qnXXX1CM_M5c6kRoE4eYLifk5" \
    "DL9qJVKCk3_hzdBD5pqThIUjzAlASYqXVcI-J3gtnXIaIz1QIMxQ-CqCUpLOw"

#define TOKENS_ES256_WITHOUT_KID                                       \
    "eyJhbGciOiJFUzI1NiJ9.eyJ1c2VySWQiOiJ1MSIsInVzZXJuYW1lIjoiQWRhIiw" \
    "iZXhwIjoyMDAwMDAwMDAwfQ.KEN6wIIjwb9_fxRKSYclNm0TpGkVllq80_HKrEq5" \
    "Wbt9jHQ7BdbcuH9RvAUseUiyQnvIj4IKyf_MivDfm2gymA"

#define TOKENS_ES256_DER                                               \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.MEYCIQCMjHQxMdJvrdFx6BX_A" \
    "TvEGDjY7zmHUnR4EqOoQUR8QAIhAItUbyrEQxUdQpF9bGKDksiYpideQ7shW1fgh" \
    "YWEDnst"

#define TOKENS_ES256_SAYS_R1                                           \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6InIxIn0.eyJ1c2VySWQiOiJ1MSIsInVzZXJu" \
    "YW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.e_zZWKXmIstbgXHzP5PIZaGUb" \
    "xjjhuN6t8j1yuvlh2YK2Jcdh1y9LnvrrFRp_--xqqtTLfujUC_Qk-C4mwQudQ"

#define TOKENS_ES384                                                   \
    "eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJ1c2VySWQiOiJ1MSIsInVzZ" \
    "XJuYW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.iha1shSIIxV2PULC7rRCBR" \
    "H3AL_BEfPLDjuf1Nw0X65Iu4p1n6I5gSBU_Bne8UfMqWdqp990yjmT-EB5DO49nA" \
    "iiRYh6jgLJqNM8QsHL9K1NLS90AAFpDOm84s927AZz"

#define TOKENS_ES256_WITH_P384                                         \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6InAzODQifQ.eyJ1c2VySWQiOiJ1MSIsInVzZ" \
    "XJuYW1lIjoiQWRhIiwiZXhwIjoyMDAwMDAwMDAwfQ.0ZExKb_fBy7aery_bToB9H" \
    "Lr2c2Y61S8qURV7Bof_mX-oJc12szbYHG3tS8Ib2oGn7eRHF4z9za1E67-Xz60Md" \
    "voEq1C6bexI2e-bJ890ptVga25h2zc_zkSUnmwJ7fS"

#endif
