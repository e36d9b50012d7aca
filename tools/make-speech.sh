#!/usr/bin/env bash
# Speaks the texts below with espeak-ng into 8 kHz mono 16-bit WAV files, what a telephone line carries. The files are
# committed, so that neither a build nor a demo needs a speech program.
set -euo pipefail
cd "$(dirname "$0")/../assets"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# speak LANGUAGE PITCH SPEED FILE TEXT: one sentence, silence trimmed at both ends.
speak() {
  espeak-ng -v "$1" -p "$2" -s "$3" -w "$work/raw.wav" -- "$5"
  sox -R -D -v 0.4 "$work/raw.wav" -r 8000 -c 1 -b 16 "$4" \
    silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse highpass 200 lowpass 3400
}

# finish OUT FILE...: joins the parts with their pauses and brings the peak to -3 dBFS.
finish() {
  local out=$1
  shift
  mkdir -p "$(dirname "$out")"
  sox -R -D "$@" -b 16 "$out" norm -3
}

pause() { sox -n -r 8000 -c 1 -b 16 "$work/pause-$1.wav" trim 0 "$1"; printf '%s' "$work/pause-$1.wav"; }

announcement() {
  local nth=0 parts=() language=$1 name=$2 text
  shift 2
  for text in "$@"; do
    speak "$language" 45 150 "$work/$nth.wav" "$text"
    parts+=("$work/$nth.wav" "$(pause 0.5)")
    nth=$((nth + 1))
  done
  finish "announcements/$language/$name.wav" "${parts[@]}"
}

# A caller's turns; the pauses leave room for the operator's questions.
caller() {
  local name=$1 pitch=$2 nth=0 parts=() text
  shift 2
  for text in "$@"; do
    speak id "$pitch" 175 "$work/$nth.wav" "$text"
    parts+=("$work/$nth.wav" "$(pause 1.2)")
    nth=$((nth + 1))
  done
  finish "demo/$name.wav" "${parts[@]}"
}

announcement id waiting \
  "Anda terhubung dengan layanan darurat seratus dua belas Kota Batam." \
  "Semua operator sedang melayani panggilan lain." \
  "Mohon jangan tutup telepon Anda."
announcement en waiting \
  "You have reached the one one two emergency service of Batam." \
  "All operators are answering other calls." \
  "Please stay on the line."
announcement id hold "Mohon tunggu sebentar. Operator segera kembali."
announcement en hold "Please wait a moment. The operator will be back shortly."

announcement id silent "Jika Anda tidak bisa berbicara, tekan angka satu pada telepon Anda." "Operator mendengarkan Anda."
announcement en silent "If you cannot speak, press one on your telephone." "The operator is listening to you."
announcement id test "Ini panggilan uji. Saluran Anda ke layanan darurat seratus dua belas berfungsi." "Terima kasih."
announcement en test "This is a test call. Your line to the emergency service works." "Thank you."
announcement id position "Antrean Anda nomor"
announcement en position "You are number"
announcement id many "Lebih dari dua puluh penelepon sedang menunggu."
announcement en many "More than twenty callers are waiting."
id=(satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas "dua belas" "tiga belas" "empat belas" "lima belas"
  "enam belas" "tujuh belas" "delapan belas" "sembilan belas" "dua puluh")
en=(one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
  twenty)
for nth in {1..20}; do
  announcement id "$nth" "${id[nth - 1]}"
  announcement en "$nth" "${en[nth - 1]}"
done

caller caller-1 60 \
  "Halo, seratus dua belas? Tolong, Pak, ada kebakaran!" \
  "Di Pasar Jodoh, Pak, kios nomor dua puluh, di sebelah toko emas." \
  "Nama saya Siti Rahma. Nomor saya kosong delapan satu satu, tujuh tujuh nol, satu dua tiga." \
  "Apinya sudah besar, asapnya hitam sekali. Ada dua orang yang masih di lantai atas." \
  "Baik, Pak. Saya menunggu di depan pasar. Tolong cepat, ya."
caller caller-2 30 \
  "Selamat siang. Saya mau melaporkan kecelakaan." \
  "Di Simpang Kabil, dekat lampu merah, arah ke Batam Center." \
  "Saya Budi Hartono, sopir yang kebetulan lewat." \
  "Satu sepeda motor dan satu mobil. Pengendara motornya luka di kaki, masih sadar." \
  "Jalan macet dua arah. Tolong kirim ambulans dan polisi. Terima kasih."
