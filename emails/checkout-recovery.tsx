import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface CheckoutRecoveryProps {
  firstName: string | undefined;
  checkoutUrl: string;
  /** The total as the reader sees it, with the currency: "$120.00". */
  cartValue: string | undefined;
}

export default function CheckoutRecovery({ firstName, checkoutUrl, cartValue }: CheckoutRecoveryProps) {
  const texts = useTexts(CheckoutRecovery);
  return (
    <Layout preheader={texts.kept} because={texts.because}>
      <Title>{texts.title}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {cartValue === undefined ? texts.stopped : texts.stoppedAt(cartValue)} {texts.kept}
      </Paragraph>
      <Button href={checkoutUrl}>{texts.button}</Button>
      <Paragraph>{texts.help}</Paragraph>
    </Layout>
  );
}

CheckoutRecovery.texts = {
  en: {
    because: `You get this because you started a checkout at ${brand.name}.`,
    title: "Your checkout is still open",
    stopped: "You stopped just before the end.",
    stoppedAt: (total: string) => `You stopped just before the end; the total was ${total}.`,
    kept: "Everything is where you left it.",
    button: "Back to your checkout",
    help: `Did something go wrong? Write to ${brand.helpEmail} and we will sort it out.`,
  },
  de: {
    because: `Du bekommst diese E-Mail, weil du bei ${brand.name} eine Bestellung begonnen hast.`,
    title: "Deine Bestellung ist noch offen",
    stopped: "Du hast kurz vor dem Ende aufgehört.",
    stoppedAt: (total: string) => `Du hast kurz vor dem Ende aufgehört; der Betrag war ${total}.`,
    kept: "Alles ist noch so, wie du es verlassen hast.",
    button: "Zurück zur Bestellung",
    help: `Ist etwas schiefgegangen? Schreib an ${brand.helpEmail}, und wir bringen es in Ordnung.`,
  },
};

CheckoutRecovery.PreviewProps = {
  firstName: "Ada",
  checkoutUrl: `${brand.appUrl}/checkout/c_1?step=payment&from=email`,
  cartValue: "$120.00",
} satisfies CheckoutRecoveryProps;
