import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, List, Paragraph, TextLink, Title } from "./_components/text.tsx";

export interface WelcomeToPaidProps {
  firstName: string | undefined;
  /** The plan's name: "Pro". */
  plan: string;
  /** The plan's features, as phrases: "unlimited reports". */
  unlocked: string[];
  billingUrl: string;
  appUrl: string;
}

/** Transactional: the facts of the new plan without marketing, because people who opted out of marketing get it too. */
export default function WelcomeToPaid({ firstName, plan, unlocked, billingUrl, appUrl }: WelcomeToPaidProps) {
  const texts = useTexts(WelcomeToPaid);
  return (
    <Layout preheader={texts.active(plan)} because={texts.because(plan)}>
      <Title>{texts.title(plan)}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {texts.thanks} {texts.active(plan)}
      </Paragraph>
      <List intro={texts.unlocked} items={unlocked} />
      <Button href={appUrl}>{texts.button}</Button>
      <Paragraph>{texts.invoices}</Paragraph>
      <TextLink href={billingUrl}>{texts.billing}</TextLink>
    </Layout>
  );
}

WelcomeToPaid.texts = {
  en: {
    because: (plan: string) => `You get this because your ${brand.name} workspace is now on the ${plan} plan.`,
    title: (plan: string) => `Welcome to ${plan}`,
    thanks: "Thank you.",
    active: (plan: string) => `Your ${plan} plan is active.`,
    unlocked: "Your workspace now has:",
    button: `Open ${brand.name}`,
    invoices: "Your invoices and payment details are on the billing page.",
    billing: "Go to billing",
  },
  de: {
    because: (plan: string) =>
      `Du bekommst diese E-Mail, weil dein Arbeitsbereich bei ${brand.name} jetzt den Tarif ${plan} hat.`,
    title: (plan: string) => `Willkommen bei ${plan}`,
    thanks: "Vielen Dank.",
    active: (plan: string) => `Dein Tarif ${plan} ist aktiv.`,
    unlocked: "Das hat dein Arbeitsbereich jetzt:",
    button: `${brand.name} öffnen`,
    invoices: "Deine Rechnungen und Zahlungsdaten findest du auf der Seite zur Abrechnung.",
    billing: "Zur Abrechnung",
  },
};

WelcomeToPaid.PreviewProps = {
  firstName: "Ada",
  plan: "Pro",
  unlocked: ["unlimited reports", "alerts for the whole team", "two years of history"],
  billingUrl: `${brand.appUrl}/settings/billing`,
  appUrl: brand.appUrl,
} satisfies WelcomeToPaidProps;
